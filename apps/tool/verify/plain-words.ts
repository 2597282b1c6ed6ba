/**
 * What a verified receipt proves, in words a credit officer or a judge can read, and as plainly what it does not. Only
 * values of the verified entry are repeated, quoted where a lender chose them.
 */
import type { Entry } from '#libs/journal/entry.js';
import type { VerifiedReceipt } from '#libs/journal/verify-receipt.js';

/** A line each: what happened, about whom, where it is recorded, how far the proof goes. */
export function plainWords({ entry, index, head, key, person, level }: VerifiedReceipt): readonly string[] {
  return [
    `${what(entry)}${versionOf(entry)}`,
    whom[person],
    `It is entry ${index} among the first ${head.size} of ${head.origin}, vouched for by the key ${key.kid} (${key.purpose}).`,
    `Level ${level}: this rests on the registry's own signature. That the registry has not rewritten its past is shown only by a published checkpoint, which outlasts the key.`,
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
