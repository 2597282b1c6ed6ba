import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { namedKey, PublishedLog } from '../../../test/support/published-log.js';
import { knows, says, ScriptedWitness, type Answer } from '../../../test/support/scripted-witness.js';
import { WitnessClient, type WitnessAnswer } from './witness.client.js';

const log = new PublishedLog().growTo(5);
const note = log.publish();
const stranger = namedKey('witness.example/w1', 'cosignature');

let witness: ScriptedWitness;
let client: WitnessClient;
beforeEach(async () => {
  witness = await ScriptedWitness.start();
  client = new WitnessClient({ url: `${witness.url}/prefix`, vkey: witness.key.parsed }, 500);
});
afterEach(async () => {
  await witness.stop();
  await client.close();
});

const ask = async (...script: Answer[]): Promise<WitnessAnswer> => {
  witness.script = script;
  const proof = await log.consistencyFrom(3);
  return client.addCheckpoint({ oldSize: 3, proof, note });
};

it('sends the old size, the proof and the note as they are specified', async () => {
  await ask(says(403));
  const proof = (await log.consistencyFrom(3)).map((hash) => `${hash.toString('base64')}\n`);
  expect(witness.asked).toEqual([`old 3\n${proof.join('')}\n${note}`]);
  expect(proof.length).toBeGreaterThan(0);
});

describe('an answer that counts', () => {
  it('is its line', async () => {
    expect(await ask(witness.yes)).toEqual({ cosignature: witness.lineFor(note) });
  });

  it('is its line alone, when it sends others beside it', async () => {
    const lines = [witness.lineFor(note, stranger), '— nobody AAAA\n', witness.lineFor(note)];
    expect(await ask(says(200, lines.join('')))).toEqual({ cosignature: witness.lineFor(note) });
  });

  it('is the size it cosigned last', async () => {
    expect(await ask(knows(7))).toEqual({ size: 7 });
  });
});

describe('a refusal is', () => {
  it.each<[string, Answer, number]>([
    ['403', says(403), 403],
    ['404', says(404, 'nobody knows this log'), 404],
    ['422', says(422), 422],
    ['500', says(500, 'stack'), 500],
    ['a redirection, which is not followed', says(307, ''), 307],
    ['409 without the media type', says(409, '7\n'), 409],
    ['409 with another size than a number', says(409, '07\n', 'text/x.tlog.size'), 409],
    ['409 with a size no log can have', says(409, `1${'0'.repeat(17)}\n`, 'text/x.tlog.size'), 409],
    ['409 without a size', says(409, '', 'text/x.tlog.size'), 409],
  ])('%s', async (_, answer, refused) => {
    expect(await ask(answer)).toEqual({ refused });
  });
});

describe('nothing that counts is', () => {
  it.each<[string, () => Answer]>([
    ['nothing', () => says(200)],
    ['garbage', () => says(200, Buffer.from([0xff, 0xfe, 0, 10, 10]))],
    ['the line of another key under its name', () => says(200, witness.lineFor(note, stranger))],
    [
      'its line under another checkpoint',
      () => says(200, witness.lineFor(new PublishedLog().growTo(6).publish())),
    ],
    ['a signature of the log', () => says(200, note.slice(note.lastIndexOf('\n\n') + 2))],
  ])('a 200 with %s', async (_, answer) => {
    await expect(ask(answer())).rejects.toThrow('sent no cosignature of its key');
  });

  it('an answer of more than a note can hold, though its line stands first', async () => {
    await expect(ask(says(200, witness.lineFor(note) + 'x'.repeat(10_000_000)))).rejects.toThrow('too long');
  });

  it('an answer that does not come', async () => {
    await expect(ask(() => undefined)).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('an answer that does not end', async () => {
    const endless: Answer = (_note, response) => void response.writeHead(200).write(witness.lineFor(note));
    await expect(ask(endless)).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('a connection that breaks', async () => {
    await expect(ask((_note, response) => void response.destroy())).rejects.toThrow();
  });

  it('a witness that is not there', async () => {
    const url = witness.url;
    const gone = new WitnessClient({ url, vkey: witness.key.parsed }, 500);
    await witness.stop();
    await expect(gone.addCheckpoint({ oldSize: 0, proof: [], note })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    await gone.close();
    witness = await ScriptedWitness.start();
  });
});
