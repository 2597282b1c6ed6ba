/** The page about cryptography names every file that computes with a key or a hash, and no file that does not. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Libraries that compute, and what may be taken of them without computing: names, types, random bytes. */
const libraries =
  /import\s+(type\s+)?\{([^}]*)\}\s+from '(node:crypto|jose|jws|pkijs|@peculiar\/x509|oidc-provider)'/g;
const harmless = new Set([
  'randomUUID',
  'randomBytes',
  'KeyObject',
  'X509Certificate',
  'errors',
  'webcrypto',
]);

/** Sources of the product, without tests and without the sandbox, which plays the outside world. */
function sources(): readonly string[] {
  return ['apps', 'libs'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((path) => join(folder, path))
      .filter(
        (path) => path.endsWith('.ts') && !path.endsWith('.spec.ts') && !path.startsWith('apps/sandbox/'),
      ),
  );
}

function computes(source: string): boolean {
  return [...source.matchAll(libraries)].some(
    ([, isType, names = '']) =>
      isType === undefined &&
      names
        .split(',')
        .map((name) => name.trim())
        .some((name) => name !== '' && !name.startsWith('type ') && !harmless.has(name)),
  );
}

const page = readFileSync('docs/crypto.md', 'utf8');
const listed = new Set([...page.matchAll(/^\| `((?:apps|libs)\/[^`]+)`/gm)].map(([, path]) => path));

describe('docs/crypto.md', () => {
  it('names every file that computes with a key or a hash', () => {
    const missing = sources().filter((path) => computes(readFileSync(path, 'utf8')) && !listed.has(path));
    expect(missing).toEqual([]);
  });

  it('names no file that does not', () => {
    const known = new Set(sources());
    const idle = [...listed].filter(
      (path) => path !== undefined && !(known.has(path) && computes(readFileSync(path, 'utf8'))),
    );
    expect(idle).toEqual([]);
  });

  it.each([
    ["import { createHmac } from 'node:crypto';", true],
    ["import {\n  randomBytes,\n  createHash,\n} from 'node:crypto';", true],
    ["import { type KeyObject, verify } from 'node:crypto';", true],
    ["import { randomUUID, randomBytes } from 'node:crypto';", false],
    ["import type { JWK } from 'jose';", false],
    ["import { type JWK } from 'jose';", false],
  ])('sees in %j whether a file computes', (source, expected) => {
    expect(computes(source)).toBe(expected);
  });
});
