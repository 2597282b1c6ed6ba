/** Base64url without padding (RFC 4648 §5), read strictly: bytes have one spelling, or one receipt would have many. */

/**
 * The bytes of a text; undefined when it holds padding, blanks, other letters, stray trailing bits or, where
 * `length` is given, another number of bytes.
 */
export function readBase64url(text: unknown, length?: number): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) return undefined;
  return length === undefined || bytes.length === length ? bytes : undefined;
}
