/**
 * A CMS as encoders write it down: standard base64 with padding (RFC 4648 §4) in one line, in lines of 64 (PEM, RFC 7468)
 * or 76 letters (MIME, RFC 2045) that end in LF or CRLF, with or without the armour of PEM, which NCALayer puts around it.
 * Each spelling that is taken has one reading; everything else is none.
 */

const LINE_LENGTHS: ReadonlySet<number> = new Set([64, 76]);
const LABELS = ['CMS', 'PKCS7'];
const standardBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The bytes of a CMS in text, or undefined when it is spelled in another way. */
export function readCmsText(text: string): Buffer | undefined {
  const lines = linesOf(text);
  const armoured = LABELS.some(
    (label) => lines[0] === `-----BEGIN ${label}-----` && lines.at(-1) === `-----END ${label}-----`,
  );
  const base64 = joined(armoured ? lines.slice(1, -1) : lines);
  if (base64 === undefined || base64 === '' || !standardBase64.test(base64)) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  // The bits that padding leaves over are zero: there is one way to write these bytes.
  return bytes.toString('base64') === base64 ? bytes : undefined;
}

/** The CMS in a file that somebody signed into: text as above, or the bytes themselves. */
export function readCmsFile(file: Buffer): Buffer {
  return readCmsText(file.toString('latin1')) ?? file;
}

/** Without the ends of the last line, of which an editor may have added some. */
function linesOf(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  while (lines.length > 1 && lines.at(-1) === '') lines.pop();
  return lines;
}

/** One line, or lines of one of the two lengths of which the last may be shorter. */
function joined(lines: readonly string[]): string | undefined {
  const [first = '', ...rest] = lines;
  if (rest.length === 0) return first;
  const last = rest.at(-1) ?? '';
  const isFolded =
    LINE_LENGTHS.has(first.length) &&
    rest.slice(0, -1).every((line) => line.length === first.length) &&
    last.length > 0 &&
    last.length <= first.length;
  return isFolded ? lines.join('') : undefined;
}
