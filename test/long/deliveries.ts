/**
 * A program that writes what eGov and the bureaus would deliver about so many people who do not exist, with differences
 * and faults planted at places that are known: `--people <number> --dir <dir> [--sources egov,gkb,pkb]`. It prints the sums
 * that the import must come to.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';

const { values } = parseArgs({
  options: {
    people: { type: 'string' },
    dir: { type: 'string' },
    sources: { type: 'string', default: 'egov,gkb,pkb' },
  },
});
const people = Number(values.people);
const { dir } = values;
if (!Number.isInteger(people) || people < 1 || dir === undefined)
  throw new Error('--people <number> --dir <dir>, please');

const headers: Readonly<Record<string, string>> = {
  egov: 'egov_application,iin,placed_at,lifted_at',
  gkb: 'gkb_record,iin,marked_on,removed_on',
  pkb: 'pkb_record,iin,marked_on,removed_on',
};

/** Every so many people: a bureau lacks one, one was lifted at eGov only, one was marked a week late, … */
const every = { missing: 1009, state: 2003, day: 3001, twice: 50_021, malformed: 10_007 };

const sources = values.sources.split(',');
const sums = {
  ...{ people, inForce: people, leftOut: 0, saidTwice: 0, differing: 0 },
  ...{ notCarriedOut: 0, withoutLines: [] },
  notGiven: Object.keys(headers).filter((source) => !sources.includes(source)),
};
for (const source of sources) await deliver(source);
for (let number = 0; number < people; number += 1) {
  if (differs(number)) sums.differing += 1;
  if (!sources.some((source) => isInForceAt(source, number))) sums.inForce -= 1;
}
console.log(JSON.stringify(sums));

async function deliver(source: string): Promise<void> {
  const file = createWriteStream(join(String(dir), `${source}.csv`), { mode: 0o600, highWaterMark: 1 << 20 });
  const write = async (line: string): Promise<void> => {
    if (!file.write(`${line}\n`)) await once(file, 'drain');
  };
  await write(headers[source] ?? '');
  for (let number = 0; number < people; number += 1) {
    if (is(number, every.missing) && source === 'gkb') continue;
    await write(lineOf(source, number));
    if (is(number, every.twice)) {
      sums.saidTwice += 1;
      await write(lineOf(source, number));
    }
    if (is(number, every.malformed)) {
      sums.leftOut += 1;
      await write(`X-${String(number)},123456789012,2025-01-01,`);
    }
  }
  file.end();
  await once(file, 'finish');
}

/** Whether this person is one of those at whom something was planted. */
function is(number: number, step: number): boolean {
  return number % step === step - 1;
}

function lineOf(source: string, number: number): string {
  const iin = iinOfPerson(number);
  const day = String(1 + (number % 28)).padStart(2, '0');
  const lifted = is(number, every.state) && source === 'egov';
  if (source === 'egov')
    return `E-${String(number)},${iin},2025-03-${day}T12:00:00+05:00,${lifted ? '2025-06-01T12:00:00+05:00' : ''}`;
  const isLate = is(number, every.day) && source === 'pkb';
  return `${source.slice(0, 1).toUpperCase()}-${String(number)},${iin},2025-${isLate ? '04' : '03'}-${day},`;
}

/** Whether this source says that his refusal is in force. */
function isInForceAt(source: string, number: number): boolean {
  return source === 'egov' ? !is(number, every.state) : !(source === 'gkb' && is(number, every.missing));
}

/** As the import counts it: over the sources that were delivered. */
function differs(number: number): boolean {
  const has = (source: string): boolean => sources.includes(source);
  if (sources.length < 2) return false;
  return (
    (is(number, every.missing) && has('gkb')) ||
    (is(number, every.state) && has('egov')) ||
    (is(number, every.day) && has('pkb'))
  );
}
