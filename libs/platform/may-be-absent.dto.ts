/** A member that may be absent, but not null: an entry leaves absent members out and never says null. */
import { ValidateIf } from 'class-validator';

export const MayBeAbsent = (): PropertyDecorator => ValidateIf((_, value: unknown) => value !== undefined);
