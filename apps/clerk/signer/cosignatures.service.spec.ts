import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PublishedLog } from '../../../test/support/published-log.js';
import { knows, says, ScriptedWitness } from '../../../test/support/scripted-witness.js';
import { CosignaturesService } from './cosignatures.service.js';
import { WitnessClient } from './witness.client.js';

let one: ScriptedWitness;
let other: ScriptedWitness;
let clients: readonly WitnessClient[];
let log: PublishedLog;
let outcomes: string[];
let logged: unknown[];
let service: CosignaturesService;
beforeEach(async () => {
  [one, other] = [
    await ScriptedWitness.start('one.example/w'),
    await ScriptedWitness.start('other.example/w'),
  ];
  clients = [one, other].map(({ url, key }) => new WitnessClient({ url, vkey: key.parsed }, 500));
  log = new PublishedLog().growTo(5);
  [outcomes, logged] = [[], []];
  service = new CosignaturesService({
    witnesses: clients,
    log: {
      warn: (what: unknown) => void logged.push(what),
      error: (what: unknown) => void logged.push(what),
    },
    onOutcome: (witness, outcome) => void outcomes.push(`${witness} ${outcome}`),
  });
  one.script = [one.yes];
  other.script = [other.yes];
});
afterEach(async () => {
  for (const witness of [one, other]) await witness.stop();
  for (const client of clients) await client.close();
});

/** Publishes what the log has grown to. @returns the note, and whose lines came for it. */
const gather = async (): Promise<{ note: string; lines: readonly string[] }> => {
  const note = log.publish();
  return { note, lines: await service.gather({ size: log.size, note, read: log.read }) };
};

it('gathers the lines in the order of the configuration', async () => {
  const { note, lines } = await gather();
  expect(lines).toEqual([one.lineFor(note), other.lineFor(note)]);
  expect(outcomes.toSorted()).toEqual(['one.example/w yes', 'other.example/w yes']);
});

it('asks from the size a witness cosigned last, and one that nobody knows of from nothing', async () => {
  await gather();
  log.growTo(9);
  await gather();
  expect(one.oldSizes).toEqual([0, 5]);
  const proof = (await log.consistencyFrom(5)).map((hash) => hash.toString('base64'));
  expect(one.asked[1]?.split('\n\n')[0]?.split('\n')).toEqual(['old 5', ...proof]);
});

it('asks again from the size the witness says it knows, once', async () => {
  one.script = [knows(3), one.yes];
  const { note, lines } = await gather();
  expect([one.oldSizes, lines[0]]).toEqual([[0, 3], one.lineFor(note)]);
  other.asked.length = 0;
  other.script = [knows(2), knows(3), other.yes];
  log.growTo(7);
  expect((await gather()).lines).toHaveLength(1);
  expect(other.oldSizes).toEqual([5, 2]);
});

it('asks a witness that has this very checkpoint with an empty proof', async () => {
  one.script = [knows(5), one.yes];
  await gather();
  expect(one.asked[1]).toMatch(/^old 5\n\n/);
});

describe('publishes with the others, and says so, when a witness', () => {
  it.each<[string, () => void, string]>([
    ['is down', () => void (one.script = [(_note, response) => void response.destroy()]), 'away'],
    ['is slow', () => void (one.script = [() => undefined]), 'away'],
    ['answers garbage', () => void (one.script = [says(200, '\u0000\n\n')]), 'away'],
    ['answers without end', () => void (one.script = [says(200, 'x'.repeat(1_000_000))]), 'away'],
    ['signs with another key', () => void (one.script = [other.yes]), 'away'],
    ['does not know the log', () => void (one.script = [says(404)]), 'refused'],
    ['finds that it did not grow', () => void (one.script = [says(422)]), 'refused'],
    ['says now this size, now that', () => void (one.script = [knows(3), knows(4)]), 'refused'],
    ['has cosigned a larger tree', () => void (one.script = [knows(6)]), 'ahead'],
  ])('%s', async (_, break_, outcome) => {
    break_();
    const { note, lines } = await gather();
    expect(lines).toEqual([other.lineFor(note)]);
    expect(outcomes.toSorted()).toEqual([`one.example/w ${outcome}`, 'other.example/w yes']);
    expect(logged).toEqual([expect.objectContaining({ witness: 'one.example/w' })]);
    // Back again, it is asked from nothing: what it cosigned meanwhile, it knows best.
    one.script = [one.yes];
    one.asked.length = 0;
    log.growTo(8);
    expect((await gather()).lines).toHaveLength(2);
    expect(one.oldSizes).toEqual([0]);
  });
});
