import { execFileSync } from 'node:child_process';
import { createPublicKey, sign } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { verifies } from './algorithms.js';

const data = Buffer.from('what is signed');

/** An RSA signature that is right, by a key as the sender chose it. */
function signedBy(bits: number, exponent: string): boolean {
  const options = [`rsa_keygen_bits:${bits}`, `rsa_keygen_pubexp:${exponent}`];
  const keyPem = execFileSync(
    'openssl',
    ['genpkey', '-algorithm', 'RSA', ...options.flatMap((option) => ['-pkeyopt', option])],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const publicKey = createPublicKey(keyPem).export({ type: 'spki', format: 'der' });
  const signature = sign('sha256', data, keyPem.toString());
  return verifies({ data, signature, signatureAlgorithm: '1.2.840.113549.1.1.11', publicKey });
}

it.each([
  ['2048 bits', 2048, '65537', true],
  ['2048 bits and an exponent of 33', 2048, '8589934609', false],
  ['4104 bits', 4104, '65537', false],
])(
  'an RSA key of %s, which costs whoever verifies what its owner chose, is taken: %s',
  (_, bits, exponent, isTaken) => {
    expect(signedBy(bits, exponent)).toBe(isTaken);
  },
  60_000,
);
