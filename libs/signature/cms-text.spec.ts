/** What encoders make of a CMS, and what none of them makes. */
import { describe, expect, it } from '@jest/globals';
import { openssl } from '../../test/support/hostile-cms.js';
import { readCmsFile, readCmsText } from './cms-text.js';

const bytes = Buffer.from(Array.from({ length: 200 }, (_, at) => at));
const base64 = bytes.toString('base64');
const folded = (length: number, end: string): string =>
  (base64.match(new RegExp(`.{1,${String(length)}}`, 'g')) ?? []).join(end);
const armour = (label: string, body: string, end: string): string =>
  [`-----BEGIN ${label}-----`, body, `-----END ${label}-----`, ''].join(end);

describe('a CMS in text', () => {
  it.each([
    ['in one line', base64],
    ['with a line end behind it', `${base64}\n`],
    ['with an empty line behind it', `${base64}\r\n\r\n`],
    ['in lines of 64 (iOS)', folded(64, '\r\n')],
    ['in lines of 76 (Android, MIME)', `${folded(76, '\n')}\n`],
    ['in lines of 76 that end in CRLF (Java)', folded(76, '\r\n')],
    ['in the armour of NCALayer', armour('CMS', folded(64, '\n'), '\n')],
    ['in that armour without a last line end', armour('CMS', folded(64, '\n'), '\n').trimEnd()],
    ['in that armour, all in CRLF', armour('CMS', folded(64, '\r\n'), '\r\n')],
    ['in armour around one line', armour('CMS', base64, '\n')],
    ['in the armour of PKCS #7', armour('PKCS7', folded(64, '\n'), '\n')],
  ])('%s is its bytes', (_row, text) => {
    expect(readCmsText(text)).toEqual(bytes);
    expect(readCmsFile(Buffer.from(text))).toEqual(bytes);
  });

  it('is its bytes to the last letter, whatever padding they need', () => {
    for (const length of [1, 2, 3, 46, 47, 48, 49, 57, 58, 95, 96, 97]) {
      const some = bytes.subarray(0, length);
      const lines = (some.toString('base64').match(/.{1,64}/g) ?? []).join('\n');
      expect(readCmsText(lines)).toEqual(some);
    }
  });

  it.each([
    ['nothing', ''],
    ['line ends alone', '\n\n'],
    ['not padded', 'YQ'],
    ['padded by half', 'YQ='],
    ['padded too much', 'YQ==='],
    ['with bits in the padding', 'YR=='],
    ['with more behind the padding', 'YQ==YQ=='],
    ['in the alphabet of URLs', '_-8='],
    ['with a space', 'Y Q=='],
    ['with a space before it', ' YQ=='],
    ['with a tab behind it', 'YQ==\t'],
    ['with a byte order mark', '\uFEFFYQ=='],
    ['in letters of another script', 'ЖЖЖЖ'],
    ['in lines that end in CR', folded(64, '\r')],
    ['in lines of another length', folded(60, '\n')],
    ['in lines of two lengths', `${folded(64, '\n').slice(0, 130)}${folded(76, '\n').slice(130)}`],
    ['with an empty line inside', folded(64, '\n\n')],
    ['with an empty line before it', `\n${base64}`],
    ['in the armour of a certificate', armour('CERTIFICATE', folded(64, '\n'), '\n')],
    ['in armour of two kinds', armour('CMS', base64, '\n').replace('END CMS', 'END PKCS7')],
    ['in armour that does not end', `-----BEGIN CMS-----\n${base64}\n`],
    ['in armour around nothing', '-----BEGIN CMS-----\n-----END CMS-----\n'],
    ['with words before its armour', `my signature\n${armour('CMS', base64, '\n')}`],
    ['twice', armour('CMS', base64, '\n') + armour('CMS', base64, '\n')],
    ['as a data URL', `data:application/cms;base64,${base64}`],
    ['in hex', bytes.toString('hex')],
  ])('%s is none', (_row, text) => {
    const read = readCmsText(text);
    // Hex happens to be letters of base64: it reads as other bytes, which are no CMS.
    expect(read === undefined || !read.equals(bytes)).toBe(true);
    if (!/^[0-9a-f]+$/.test(text)) expect(read).toBeUndefined();
  });

  it('takes what openssl writes', () => {
    const der = openssl({ x: bytes }, 'cms', '-data_create', '-in', 'x', '-outform', 'DER');
    const pem = openssl({ x: der }, 'cms', '-cmsout', '-inform', 'DER', '-in', 'x', '-outform', 'PEM');
    expect(pem.toString()).toContain('-----BEGIN CMS-----');
    expect(readCmsText(pem.toString())).toEqual(der);
    expect(readCmsFile(der)).toEqual(der);
  });

  it('is read in the time its length takes', () => {
    const long = '\n'.repeat(2_000_000);
    expect(readCmsText(`${long}x${long}`)).toBeUndefined();
    expect(readCmsText('A'.repeat(4_000_000))).toHaveLength(3_000_000);
  });
});
