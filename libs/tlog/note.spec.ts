import { describe, expect, it } from '@jest/globals';
import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import {
  checkpointText,
  cosign,
  makeVkey,
  parseCheckpoint,
  parseVkey,
  signNote,
  verifyNote,
} from './note.js';
import { emptyRoot } from './tree.js';

/** The Ed25519 private key of these 32 bytes: the fixed head is the DER of PKCS#8. */
const keyOf = (fill: number) =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, fill)]),
    format: 'der',
    type: 'pkcs8',
  });
const name = 'sandbox.tyiym.kz/journal/1';
const [key, otherKey] = [keyOf(1), keyOf(2)];
const rawOf = (of: typeof key) => Buffer.from(of.export({ format: 'jwk' }).x ?? '', 'base64url');
const vkey = parseVkey(makeVkey(name, key));
const text = checkpointText(name, 1234, emptyRoot);
const note = signNote(text, name, key);
/** A signature line made by hand, after the format and not after the code. */
const lineOf = (by: string, of: typeof key, over: string) => {
  const id = createHash('sha256')
    .update(`${by}\n`)
    .update(Buffer.of(1))
    .update(rawOf(of))
    .digest()
    .subarray(0, 4);
  return `— ${by} ${Buffer.concat([id, sign(null, Buffer.from(over), of)]).toString('base64')}\n`;
};

describe('the example in the documentation of golang.org/x/mod/sumdb/note', () => {
  const peter = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  const words =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const signature =
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

  it('verifies here', () => {
    expect(verifyNote(`${words}\n${signature}`, [parseVkey(peter)])).toEqual({
      text: words,
      signedBy: ['PeterNeumann'],
      cosignatures: [],
    });
  });
  it('comes out of a vkey again', () => {
    const { publicKey } = parseVkey(peter);
    expect(makeVkey('PeterNeumann', publicKey)).toBe(peter);
  });
});

describe('a vkey', () => {
  it('is name, key id and key: SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key)[:4]', () => {
    const typed = Buffer.concat([Buffer.of(1), rawOf(key)]);
    const id = createHash('sha256')
      .update(Buffer.concat([Buffer.from(name), Buffer.of(10), typed]))
      .digest('hex');
    expect(makeVkey(name, key)).toBe(`${name}+${id.slice(0, 8)}+${typed.toString('base64')}`);
  });

  const [, id, data] = makeVkey(name, key).split('+') as [string, string, string];
  it.each([
    ['nothing', ''],
    ['two parts', `${name}+${id}`],
    ['the id of another key', `${name}+00000000+${data}`],
    ['another name', `other+${id}+${data}`],
    ['an id in capitals', `${name}+${id.toUpperCase()}+${data}`],
    ['no name', `+${id}+${data}`],
    ['a space in its name', `a b+${id}+${data}`],
    ['a blank after its base64', `${name}+${id}+${data} `],
    [
      'a short key',
      `${name}+${id}+${Buffer.concat([Buffer.of(1), rawOf(key)])
        .subarray(0, 32)
        .toString('base64')}`,
    ],
    ['another type', `${name}+${id}+${Buffer.concat([Buffer.of(2), rawOf(key)]).toString('base64')}`],
  ])('is refused with %s', (_, spelled) => {
    expect(() => parseVkey(spelled)).toThrow();
  });
});

describe('a key of another kind', () => {
  it.each([
    ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
    ['X25519', generateKeyPairSync('x25519').privateKey],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
  ])('%s makes neither vkey nor note', (_, other) => {
    expect(() => makeVkey(name, other)).toThrow('not Ed25519');
    expect(() => signNote(text, name, other)).toThrow();
  });
});

describe('a signed note', () => {
  it('is the text, a blank line and one line for the signature', () => {
    expect(note).toBe(
      `${name}\n1234\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n${lineOf(name, key, text)}`,
    );
  });
  it('gives back its text and who signed', () => {
    expect(verifyNote(note, [vkey])).toEqual({ text, signedBy: [name], cosignatures: [] });
  });
  it('may carry lines of keys nobody here knows, before and after', () => {
    const foreign = lineOf('witness.example', otherKey, text);
    const sameName = lineOf(name, otherKey, text);
    const crowded = `${text}\n${foreign}${lineOf(name, key, text)}${sameName}`;
    expect(verifyNote(crowded, [vkey]).signedBy).toEqual([name]);
  });
  it('signed by two known keys names both, and each once', () => {
    const witness = parseVkey(makeVkey('witness.example', otherKey));
    const line = lineOf('witness.example', otherKey, text);
    expect(verifyNote(`${note}${line}${line}`, [witness, vkey]).signedBy).toEqual([name, 'witness.example']);
  });
  it('keeps blank lines inside its text', () => {
    const parted = 'one\n\ntwo\n';
    expect(verifyNote(signNote(parted, name, key), [vkey]).text).toBe(parted);
  });

  const signature = lineOf(name, key, text);
  const bent = (line: string) => {
    const [dash, by, data] = line.trimEnd().split(' ') as [string, string, string];
    const bytes = Buffer.from(data, 'base64');
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    return `${dash} ${by} ${bytes.toString('base64')}\n`;
  };
  const underOurId = (line: string) => {
    const [dash, by, data] = line.trimEnd().split(' ') as [string, string, string];
    const bytes = Buffer.concat([vkey.keyId, Buffer.from(data, 'base64').subarray(4)]);
    return `${dash} ${by} ${bytes.toString('base64')}\n`;
  };
  it.each([
    ['nothing', ''],
    ['no signature', text],
    ['a blank line but no signature', `${text}\n`],
    ['only unknown keys', `${text}\n${lineOf('witness.example', otherKey, text)}`],
    ['another size', note.replace('1234', '1235')],
    ['a line more in its text', note.replace('1234\n', '1234\nx\n')],
    ['a bit of the signature changed', `${text}\n${bent(signature)}`],
    ['a good and then a bad line of the known key', `${text}\n${signature}${bent(signature)}`],
    ['the signature of another key under our id', `${text}\n${underOurId(lineOf(name, otherKey, text))}`],
    ['a signature over the blank line too', `${text}\n${lineOf(name, key, `${text}\n`)}`],
    ['no newline at the end', note.slice(0, -1)],
    ['a carriage return', note.replace('1234\n', '1234\r\n')],
    ['a tab in its text', signNoteUnchecked('a\tb\n')],
    ['a hyphen for the dash', note.replace('—', '-')],
    ['two spaces in the line', note.replace(`— ${name} `, `— ${name}  `)],
    ['something after the signature', note.replace(/\n$/, ' x\n')],
    ['unpadded base64', note.replace(/=+\n$/, '\n')],
    ['an unknown line that is malformed', `${note}— witness.example ****\n`],
    ['an unknown line whose name holds a plus', `${note}— wit+ness AAAAAAAA\n`],
    ['an unknown line without a name', `${note}—  AAAAAAAA\n`],
    ['an unknown line without a signature', `${note}— witness.example AAAAAA==\n`],
    ['a hundred and one lines', `${text}\n${signature.repeat(101)}`],
    ['a million letters', signNote(`${'x'.repeat(1_000_000)}\n`, name, key)],
  ])('is refused with %s', (_, spelled) => {
    expect(() => verifyNote(spelled, [vkey])).toThrow();
  });

  it('is not made of a text without its last newline, with control characters, or under no name', () => {
    expect(() => signNote('text', name, key)).toThrow('newline');
    expect(() => signNote('te\u0000xt\n', name, key)).toThrow('control');
    expect(() => signNote('text\ud800\n', name, key)).toThrow();
    expect(() => signNote('text\n', 'a+b', key)).toThrow('plus');
  });

  function signNoteUnchecked(unchecked: string): string {
    return `${unchecked}\n${lineOf(name, key, unchecked)}`;
  }
});

describe('a cosignature', () => {
  const witness = 'witness.example/w1';
  const witnessKey = parseVkey(makeVkey(witness, otherKey, 'cosignature'));
  const time = 1_679_315_147;
  /** Made by hand, after the specification and not after the code. */
  const byHand = (signed = `cosignature/v1\ntime ${time}\n${text}`, type = 4) => {
    const named = Buffer.concat([Buffer.from(`${witness}\n`), Buffer.of(type), rawOf(otherKey)]);
    const id = createHash('sha256').update(named).digest().subarray(0, 4);
    const stamp = Buffer.from(time.toString(16).padStart(16, '0'), 'hex');
    const data = Buffer.concat([id, stamp, sign(null, Buffer.from(signed), otherKey)]);
    return `— ${witness} ${data.toString('base64')}\n`;
  };

  it('is key id, time and a signature over "cosignature/v1", the time and the text', () => {
    expect(cosign(text, witness, otherKey, time)).toBe(byHand());
  });
  it('gives back who saw the checkpoint and when', () => {
    expect(verifyNote(note + byHand(), [vkey, witnessKey])).toEqual({
      text,
      signedBy: [name, witness],
      cosignatures: [{ name: witness, time }],
    });
  });
  it('stands for itself, without the signature of the log being asked', () => {
    expect(verifyNote(`${text}\n${byHand()}`, [witnessKey]).signedBy).toEqual([witness]);
  });
  it('is another key than the same bytes that sign texts', () => {
    const plain = parseVkey(makeVkey(witness, otherKey));
    expect(plain.keyId.equals(witnessKey.keyId)).toBe(false);
    expect(verifyNote(note + byHand(), [vkey, plain]).signedBy).toEqual([name]);
  });

  const bytes = Buffer.from(byHand().trimEnd().split(' ')[2] ?? '', 'base64');
  const spelled = (data: Buffer) => `— ${witness} ${data.toString('base64')}\n`;
  it.each([
    ['another time', spelled(Buffer.concat([bytes.subarray(0, 11), Buffer.of(0), bytes.subarray(12)]))],
    ['no time', spelled(Buffer.concat([bytes.subarray(0, 4), bytes.subarray(12)]))],
    ['only a time', spelled(bytes.subarray(0, 12))],
    ['half a time', spelled(bytes.subarray(0, 8))],
    ['a signature over the text alone', byHand(text)],
    ['a signature over another time', byHand(`cosignature/v1\ntime ${time + 1}\n${text}`)],
  ])('with %s spoils the note', (_, line) => {
    expect(() => verifyNote(note + line, [vkey, witnessKey])).toThrow('does not verify');
  });
});

describe('a checkpoint', () => {
  it('says origin, size and root, and comes back as it was', () => {
    expect(parseCheckpoint(text)).toEqual({ origin: name, size: 1234, root: emptyRoot, extensions: [] });
    expect(parseCheckpoint(`${text}further\n`).extensions).toEqual(['further']);
    expect(parseCheckpoint(checkpointText(name, 0, emptyRoot)).size).toBe(0);
  });

  const root = emptyRoot.toString('base64');
  it.each([
    ['no root', `${name}\n1\n`],
    ['a size with a leading zero', `${name}\n01\n${root}\n`],
    ['a negative size', `${name}\n-1\n${root}\n`],
    ['a size in hexadecimal', `${name}\n0x1\n${root}\n`],
    ['no size', `${name}\n\n${root}\n`],
    ['a size beyond 2^53', `${name}\n9007199254740993\n${root}\n`],
    ['no origin', `\n1\n${root}\n`],
    ['a short root', `${name}\n1\n${emptyRoot.subarray(1).toString('base64')}\n`],
    ['a root in base64url', `${name}\n1\n${emptyRoot.toString('base64url')}\n`],
    ['an empty line', `${text}\n`],
    ['a carriage return', text.replace('\n', '\r\n')],
    ['no newline at the end', text.slice(0, -1)],
  ])('is refused with %s', (_, spelled) => {
    expect(() => parseCheckpoint(spelled)).toThrow();
  });

  it('is not made with half a size or a short root', () => {
    expect(() => checkpointText(name, 1.5, emptyRoot)).toThrow();
    expect(() => checkpointText(name, 1, emptyRoot.subarray(1))).toThrow();
  });
});
