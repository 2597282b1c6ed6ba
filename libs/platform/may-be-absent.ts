/** A member of a body that may be left out, but is never null: null would be a second spelling of "absent". */
import { ValidateIf } from 'class-validator';

export const MayBeAbsent = (): PropertyDecorator => ValidateIf((_, value: unknown) => value !== undefined);
