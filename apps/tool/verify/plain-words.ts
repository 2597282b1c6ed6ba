/**
 * What a verified receipt proves, in words a credit officer or a judge can read, and as plainly what it does not. Only
 * values of the verified entry are repeated, quoted where a lender chose them.
 */
import type { Entry } from '#libs/journal/entry.js';
import { formatInstant } from '#libs/journal/instant.js';
import type { VerifiedReceipt } from '#libs/journal/verify-receipt.js';
import type { Published } from '#libs/tlog/verify-tlog-proof.js';
import type { Proven } from './judge.js';

/** A line each: what happened, about whom, where it is recorded, how far the proof goes. */
export function plainWords(proven: Omit<Proven, 'valid'>): readonly string[] {
  const { entry, index, head, key, person, published } = proven;
  const recorded =
    head && key
      ? `It is entry ${index} among the first ${head.size} of ${head.origin}, vouched for by the key ${key.kid} (${key.purpose}).`
      : `It is entry ${index}. The head it came with is not counted: its key has ended, or no keys were given.`;
  return [
    `${what(entry)}${versionOf(entry)}`,
    whom[person],
    recorded,
    ...(published ? checkpointWords(published) : [signedWords]),
  ];
}

const signedWords =
  "Level signed: this rests on the registry's own signature. That the registry has not rewritten its past is shown only by a published checkpoint, which outlasts the key.";

/** What a checkpoint adds: which tree was published, and who besides the log has signed it. */
export function checkpointWords({ level, checkpoint, cosignatures }: Published): readonly string[] {
  const { origin, size } = checkpoint;
  const seen = cosignatures.map(({ name, time }) => `${name} at ${formatInstant(time * 1000)}`).join(', ');
  return [
    `The log ${origin} published its first ${size} entries under its own key.`,
    level === 'witnessed'
      ? `Level witnessed: that nobody was shown another past is signed by ${seen}.`
      : `Level logged: this rests on the log's key. That everybody was shown the same past is shown by witnesses${seen === '' ? '' : ` (${seen} signed, too)`}: ask for them with --quorum.`,
  ];
}

const whom: Readonly<Record<VerifiedReceipt['person'], string>> = {
  shown: 'The person is the one with the IIN that was given.',
  'not-compared': 'About whom, this does not show: give the IIN with --iin-stdin to compare the person.',
  none: 'The entry is not about a person by itself.',
};

function what(entry: Entry): string {
  const of = (member: string): string => String(entry[member]);
  switch (entry.kind) {
    case 'check.made':
      return (
        `At ${entry.at} the lender with BIN ${of('lender')} asked (${of('product')}, stage ${of('stage')}, ` +
        `its reference ${JSON.stringify(entry['loanRef'])}) and was told: ${verdictOf(entry)}`
      );
    case 'refusal.placed':
      return entry['requestedBy'] === undefined
        ? `At ${entry.at} the person's refusal came into force, by an application signed through ${of('channel')}, with a lock of ${of('lockHours')} hours.`
        : `At ${entry.at} the person's refusal came into force again, as asked for with the lift.`;
    case 'refusal.lock-grown':
      return `At ${entry.at} the lock of the refusal in force grew to ${of('lockHours')} hours.`;
    case 'lift.requested':
      return `At ${entry.at} a signed application to lift was recorded. The refusal stays in force until the lift itself is an entry.`;
    case 'lift.cancelled':
      return `At ${entry.at} the pending lift was called off. The refusal stays in force.`;
    case 'refusal.lifted':
      return `At ${entry.at} the refusal was lifted. From then on none was in force.`;
    default:
      return `At ${entry.at} the registry recorded: ${entry.kind}.`;
  }
}

function verdictOf(entry: Entry): string {
  return entry['verdict'] === 'clear'
    ? `clear, no refusal was in force. The answer was good until ${String(entry['validUntil'])}.`
    : 'refused, a refusal was in force.';
}

function versionOf({ version }: Entry): string {
  return version === undefined ? '' : ` The person's refusal version was ${version}.`;
}
