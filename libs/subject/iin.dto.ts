/** The IIN as a member of a request. */
import { ValidateBy, type ValidationOptions } from 'class-validator';
import { isIin } from './iin.js';

/** Twelve digits with a control digit that fits; anything else becomes `iin-malformed`. */
export function IsIinText(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'iin',
      validator: { validate: (value: unknown) => isIin(value), defaultMessage: () => 'iin-malformed' },
    },
    options,
  );
}
