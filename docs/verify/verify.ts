/**
 * How far a receipt of the registry is proven, in one file that needs nothing but Node: copy it, read it, keep it.
 * The same algorithm stands beside it in Python and Go; README.md says it in words.
 *
 *     signed     a key of the registry says so, and the key still counts
 *     logged     the entry is at its place in a tree that the public log signed
 *     witnessed  enough of the witnesses whose keys YOU chose signed that tree
 *
 * On the command line it reads a question a line (JSON) from standard input, answers a line each, and ends with 1 when
 * one does not hold. Node ≥ 22.18 runs it as it is; for an older one take the types away with any TypeScript compiler.
 */
import { isUtf8 } from 'node:buffer';
import { createHash, createHmac, createPublicKey, verify as verifySignature } from 'node:crypto';

export interface Question {
  readonly receipt: Readonly<Record<string, unknown>>;
  /** The registry's public keys, to reach *signed*. Without them only what was published counts. */
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  /** The person it must be about. */
  readonly iin?: string;
  /** Seconds since 1970. */
  readonly now?: number;
  /** Text of a `.tlog-proof` of the entry, to reach *logged*. */
  readonly proof?: string;
  /** vkeys of the log, pinned. */
  readonly log?: readonly string[];
  /** vkeys of witnesses, pinned, and how many of them must have signed, to reach *witnessed*. */
  readonly witnesses?: readonly string[];
  readonly quorum?: number;
}

export interface Answer {
  readonly level: 'signed' | 'logged' | 'witnessed';
  readonly entry: string;
}

/** @throws Error that says what does not hold */
export function verify(question: Question): Answer {
  const { receipt, jwks, iin, now = Math.floor(Date.now() / 1000), proof, quorum = 0 } = question;
  const text = String(receipt['entry']);
  const entry = readEntry(text);
  const salt = bytesOf(receipt['salt'], 32);
  const index = count(receipt['index']);
  const leaf = `{"c":"${hmac(salt, text)}","v":1}`;
  const leafHash = sha256(Buffer.of(0), Buffer.from(leaf));
  if (iin !== undefined)
    must(hmac(bytesOf(receipt['personSalt'], 32), `kz.iin:${iin}`) === entry['person'], 'another person');

  const ended = jwks && headEnded(receipt, entry, leafHash, index, jwks.keys, now);
  must(ended === undefined || proof !== undefined, String(ended));
  must(jwks !== undefined || proof !== undefined, 'neither keys nor a proof were given');
  count(quorum);
  if (proof === undefined) return { level: 'signed', entry: text };

  const published = readProof(proof);
  must(published.index === index, 'the proof is of another place');
  must(followed(leafHash, index, published.size, published.hashes).equals(published.root), 'not in the log');
  const { log = [], witnesses = [] } = question;
  const ofLog = log.map((key) => readVkey(key, 1)).filter(({ name }) => name === published.origin);
  must(ofLog.filter((key) => hasSigned(key, published)).length > 0, 'no pinned key of the log signed');
  // One key is one witness, however often it was pinned or signed.
  const keys = witnesses.map((key) => readVkey(key, 4));
  const signed = keys.filter((key) => hasSigned(key, published)).map(({ raw }) => raw.toString('hex'));
  must(new Set(signed).size >= quorum, 'too few of the pinned witnesses signed');
  return { level: quorum > 0 ? 'witnessed' : 'logged', entry: text };
}

/**
 * Whether the head proves the entry: undefined when it does, and a reason when its key has merely ended, which a
 * published proof makes good, because a key that was stolen or has expired could have signed any date.
 */
function headEnded(
  receipt: Question['receipt'],
  entry: Record<string, unknown>,
  leafHash: Buffer,
  index: number,
  keys: readonly Readonly<Record<string, unknown>>[],
  now: number,
): string | undefined {
  const parts = String(receipt['head']).split('.');
  const [header = '', payload = '', signature = ''] = parts;
  const { alg, kid, typ, ...others } = object(bytesOf(header));
  must(parts.length === 3 && alg === 'ES256' && typ === 'tyiym-head+jwt', 'the header of the head');
  must(Object.keys(others).length === 0, 'the header of the head');
  const named = keys.filter((each) => each['kid'] === kid);
  const [key] = named;
  must(key !== undefined && named.length === 1, 'no key of this name');
  const { x, y, kty, crv, purpose, kinds, nbf, exp, revokedAt } = key;
  must(kty === 'EC' && crv === 'P-256' && String(purpose).startsWith('head/'), 'not a key of heads');
  const thumbprint = sha256(Buffer.from(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`));
  must(thumbprint.toString('base64url') === kid, 'the key has another name');
  must(Array.isArray(kinds) && kinds.includes(entry['kind']), 'the key may not vouch for this kind');
  const publicKey = createPublicKey({ key: { kty, crv, x: String(x), y: String(y) }, format: 'jwk' });
  const raw = bytesOf(signature, 64);
  const signed = Buffer.from(`${header}.${payload}`);
  must(verifySignature('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw), 'the head');

  const { iat, size, root } = object(bytesOf(payload));
  must(count(nbf) <= count(iat) && count(iat) < count(exp), 'the head is dated outside the life of its key');
  must(Math.floor(Date.parse(String(entry['at'])) / 1000) <= count(iat), 'the head is older than the entry');
  const proof = bytesOf(receipt['proof']);
  must(proof.length % 32 === 0, 'the proof is no row of hashes');
  const hashes = Array.from({ length: proof.length / 32 }, (_, at) => proof.subarray(at * 32, at * 32 + 32));
  must(
    followed(leafHash, index, count(size), hashes).equals(bytesOf(root, 32)),
    'not in the tree of the head',
  );
  if (revokedAt !== undefined) return 'the key of the head is revoked';
  return now < count(exp) ? undefined : 'the key of the head has expired';
}

/** RFC 9162 §2.1.3.2: the root that a leaf and its proof lead to; exactly one length of proof is right. */
export function followed(leafHash: Buffer, index: number, size: number, proof: readonly Buffer[]): Buffer {
  must(count(index) < count(size), 'the index is beyond the tree');
  must(leafHash.length === 32, 'the leaf hash is none');
  let [node, last, hash] = [index, size - 1, leafHash];
  const half = (value: number): number => Math.floor(value / 2);
  for (const sibling of proof) {
    must(last > 0 && sibling.length === 32, 'the proof is too long');
    if (node % 2 === 1 || node === last) {
      hash = sha256(Buffer.of(1), sibling, hash);
      while (node % 2 === 0 && node > 0) [node, last] = [half(node), half(last)];
    } else hash = sha256(Buffer.of(1), hash, sibling);
    [node, last] = [half(node), half(last)];
  }
  must(last === 0, 'the proof is too short');
  return hash;
}

/** RFC 9162 §2.1.4.2: whether the tree of `size` has grown out of the one of `oldSize`, entry for entry. */
export function grown(
  old: { readonly size: number; readonly root: Buffer },
  now: { readonly size: number; readonly root: Buffer },
  proof: readonly Buffer[],
): boolean {
  must(count(old.size) > 0 && old.size <= count(now.size), 'sizes to compare');
  must(old.root.length === 32 && now.root.length === 32, 'the roots are none');
  if (old.size === now.size) return proof.length === 0 && old.root.equals(now.root);
  const half = (value: number): number => Math.floor(value / 2);
  let [node, last] = [old.size - 1, now.size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  // An old tree of a power of two is itself the first subtree, which the proof therefore leaves out.
  const [first, ...rest] = node === 0 ? [old.root, ...proof] : proof;
  must(first?.length === 32, 'the proof is too short');
  let [before, after] = [first, first];
  for (const sibling of rest) {
    must(last > 0 && sibling.length === 32, 'the proof is too long');
    if (node % 2 === 1 || node === last) {
      before = sha256(Buffer.of(1), sibling, before);
      after = sha256(Buffer.of(1), sibling, after);
      while (node % 2 === 0 && node > 0) [node, last] = [half(node), half(last)];
    } else after = sha256(Buffer.of(1), after, sibling);
    [node, last] = [half(node), half(last)];
  }
  must(last === 0, 'the proof is too short');
  return before.equals(old.root) && after.equals(now.root);
}

/** The entry, if its text is its own canonical form (RFC 8785); its numbers are whole. */
function readEntry(text: string): Record<string, unknown> {
  const entry = object(Buffer.from(text));
  must(canonical(entry) === text && Buffer.from(text).toString() === text, 'the entry is not canonical');
  must(entry['v'] === 1 && typeof entry['kind'] === 'string', 'the entry is none');
  return entry;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'number') must(Number.isSafeInteger(value), 'a number of the entry is not whole');
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, of]) => `${JSON.stringify(name)}:${canonical(of)}`).join(',')}}`;
}

interface Published {
  readonly index: number;
  readonly hashes: readonly Buffer[];
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly text: string;
  readonly lines: readonly { readonly name: string; readonly id: Buffer; readonly signature: Buffer }[];
}

/** c2sp.org/tlog-proof, and the c2sp.org/tlog-checkpoint in it. */
function readProof(proof: string): Published {
  const [head = '', body = '', signatures = '', ...more] = proof.split('\n\n');
  const [first, ...lines] = head.split('\n');
  must(first === 'c2sp.org/tlog-proof@v1' && more.length === 0, 'no proof of this format');
  const [indexLine = '', ...hashLines] = lines[0]?.startsWith('extra ') === true ? lines.slice(1) : lines;
  const [origin = '', sizeLine = '', rootLine = '', ...extensions] = body.split('\n');
  must(origin !== '' && !extensions.includes('') && signatures.endsWith('\n'), 'no checkpoint');
  return {
    index: decimal(indexLine.startsWith('index ') ? indexLine.slice(6) : ''),
    hashes: hashLines.map((line) => base64(line, 32)),
    origin,
    size: decimal(sizeLine),
    root: base64(rootLine, 32),
    text: `${body}\n`,
    lines: signatures.slice(0, -1).split('\n').map(readLine),
  };
}

function readLine(line: string): Published['lines'][number] {
  const [dash, name = '', data = '', ...more] = line.split(' ');
  const bytes = base64(data);
  must(dash === '—' && name !== '' && bytes.length > 4 && more.length === 0, 'a signature line');
  return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

interface Vkey {
  readonly name: string;
  readonly type: number;
  readonly id: Buffer;
  readonly raw: Buffer;
}

/** `name+hex+base64(type ‖ key)` of c2sp.org/signed-note; type 1 signs a text (a log), type 4 a text at a time (a witness). */
function readVkey(text: string, type: number): Vkey {
  const [name = '', id = '', ...rest] = text.split('+');
  const typed = base64(rest.join('+'), 33);
  const named = sha256(Buffer.from(`${name}\n`), typed).subarray(0, 4);
  must(named.toString('hex') === id && name !== '', 'a pinned key is no vkey');
  must(typed[0] === type, 'a pinned key is of another type');
  return { name, type, id: named, raw: typed.subarray(1) };
}

/** Whether the key signed the checkpoint. A line of a known key that does not verify spoils the whole note. */
function hasSigned({ name, type, id, raw }: Vkey, { text, lines }: Published): boolean {
  const own = lines.filter((line) => line.name === name && line.id.equals(id));
  const key = { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') };
  const publicKey = createPublicKey({ key, format: 'jwk' });
  for (const { signature } of own) {
    const isTimed = type === 4;
    must(signature.length === (isTimed ? 72 : 64), 'a signature has another length');
    const header = isTimed ? `cosignature/v1\ntime ${signature.readBigUInt64BE()}\n` : '';
    const signed = Buffer.from(header + text);
    must(verifySignature(null, signed, publicKey, signature.subarray(-64)), `the signature of ${name}`);
  }
  return own.length > 0;
}

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

function sha256(...parts: readonly Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

function hmac(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** Strict base64url without padding: bytes have one spelling. */
function bytesOf(text: unknown, length?: number): Buffer {
  const bytes = Buffer.from(String(text), 'base64url');
  must(bytes.toString('base64url') === text && (length ?? bytes.length) === bytes.length, 'strict base64url');
  return bytes;
}

/** Strict base64 with padding. */
function base64(text: string, length?: number): Buffer {
  const bytes = Buffer.from(text, 'base64');
  must(bytes.toString('base64') === text && (length ?? bytes.length) === bytes.length, 'strict base64');
  return bytes;
}

function decimal(text: string): number {
  must(/^(0|[1-9]\d*)$/.test(text), 'a number in decimal');
  return count(Number(text));
}

function count(value: unknown): number {
  must(typeof value === 'number' && Number.isSafeInteger(value) && value >= 0, 'a whole number');
  return value;
}

function object(bytes: Buffer): Record<string, unknown> {
  const value: unknown = JSON.parse(bytes.toString());
  must(typeof value === 'object' && value !== null && !Array.isArray(value), 'a JSON object');
  return value as Record<string, unknown>;
}

/**
 * One line: a question, or with hashes in base64 the bare inclusion `{leafHash, index, size, proof, root}`, or the bare
 * consistency `{oldSize, oldRoot, size, proof, root}`.
 */
function answerLine(line: string): object {
  try {
    const asked = object(Buffer.from(line));
    if (!('leafHash' in asked || 'oldRoot' in asked)) return verify(asked as unknown as Question);
    const { leafHash, index, size, proof, root, oldSize, oldRoot } = asked;
    const hashes = (proof as readonly string[]).map((hash) => base64(hash, 32));
    if (oldRoot !== undefined) {
      const old = { size: count(oldSize), root: base64(String(oldRoot), 32) };
      const now = { size: count(size), root: base64(String(root), 32) };
      must(grown(old, now, hashes), 'another past');
      return { level: 'grown' };
    }
    const reached = followed(base64(String(leafHash), 32), count(index), count(size), hashes);
    must(reached.equals(base64(String(root), 32)), 'another root');
    return { level: 'included' };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

if (/(^|[\\/])verify\.m?[jt]s$/.test(process.argv[1] ?? '')) {
  const input = Buffer.concat(await process.stdin.toArray());
  // A mark at the beginning, UTF-16 or another code page would only read as "no JSON".
  const isPlain = isUtf8(input) && !input.includes(0) && input.subarray(0, 3).toString('hex') !== 'efbbbf';
  const answers = isPlain
    ? input.toString().split('\n').filter(Boolean).map(answerLine)
    : [{ error: 'encoding: save it as UTF-8 without a byte-order mark' }];
  process.stdout.write(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
  process.exitCode = answers.length > 0 && answers.every((answer) => !('error' in answer)) ? 0 : 1;
}
