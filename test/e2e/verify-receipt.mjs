// Verifies a receipt with nothing but Node; standard input: {receipt, jwks, iin?}; exit 1 when it does not hold.
import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';

const must = (holds, what) => holds || (console.error(`does not hold: ${what}`), process.exit(1));
const decode = (text) => Buffer.from(text, 'base64url');
const bytes = (text) => must(decode(text).toString('base64url') === text, 'strict base64url') && decode(text);
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const hmac = (key, text) => createHmac('sha256', key).update(text).digest('base64url');

const { receipt, jwks, iin } = JSON.parse(Buffer.concat(await process.stdin.toArray()));
const [entry, [header, payload, signature]] = [JSON.parse(receipt.entry), receipt.head.split('.')];
const canonical = JSON.stringify(entry, Object.keys(entry).sort());
must(canonical === receipt.entry && entry.v === 1, 'the entry is not canonical');
const [{ alg, typ, kid }, { iat, size, root }] = [header, payload].map((part) => JSON.parse(bytes(part)));
const key = jwks.keys.find((each) => each.kid === kid && each.purpose.startsWith('head/'));
must(alg === 'ES256' && typ === 'tyiym-head+jwt' && key?.kinds.includes(entry.kind), 'the key of the head');
const alive = key.revokedAt === undefined && Date.now() / 1000 < key.exp && key.nbf <= iat && iat < key.exp;
const publicKey = { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
must(alive && verify('sha256', `${header}.${payload}`, publicKey, bytes(signature)), 'the head');
const [salt, personSalt, proof] = [receipt.salt, receipt.personSalt ?? '', receipt.proof].map(bytes);
let hash = sha256(Buffer.of(0), Buffer.from(`{"c":"${hmac(salt, receipt.entry)}","v":1}`));
let [node, last] = [BigInt(receipt.index), BigInt(size) - 1n];
must(salt.length === 32 && node >= 0n && node <= last && proof.length % 32 === 0, 'salt, index and proof');
for (let at = 0; at < proof.length; at += 32, node /= 2n, last /= 2n) {
  const [sibling, isLeft] = [proof.subarray(at, at + 32), node % 2n === 0n && node < last];
  hash = isLeft ? sha256(Buffer.of(1), hash, sibling) : sha256(Buffer.of(1), sibling, hash);
  must(last > 0n, 'the proof is too long');
  while (!isLeft && node > 0n && node % 2n === 0n) [node, last] = [node / 2n, last / 2n];
}
must(last === 0n && hash.equals(bytes(root)), 'the entry is not in the Journal of this head');
const isPerson = personSalt.length === 32 && hmac(personSalt, `kz.iin:${iin}`) === entry.person;
must(iin === undefined || isPerson, 'another person');
console.log(receipt.entry);
