/** Members of request bodies that more than one app has; whatever fails here is `request-malformed`. */
import { isISO8601, ValidateBy, ValidateIf } from 'class-validator';

/** A member that may be left out, but is never null: null would be a second spelling of "absent". */
export const MayBeAbsent = (): PropertyDecorator => ValidateIf((_, value: unknown) => value !== undefined);

/** RFC 3339 with its zone, of a year that both clocks can count; which days there are, the library knows. */
const rfc3339 = /^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** A text that names an instant; `Date.parse` reads it. */
export const IsInstantText = (): PropertyDecorator =>
  ValidateBy({
    name: 'instant',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' &&
        rfc3339.test(value) &&
        isISO8601(value, { strict: true }) &&
        !Number.isNaN(Date.parse(value)),
    },
  });
