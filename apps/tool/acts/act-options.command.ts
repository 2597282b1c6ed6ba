/**
 * What every act of the operator has in common on the command line: draft it, have it signed by two officials, apply
 * it; or, before the registry is open, found with it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { EntryKind } from '#libs/journal/entry.js';
import type { Receipt } from '#libs/journal/receipt.js';
import { readJsonFile } from '#libs/platform/json-file.js';
import { toolConfig, withConfig } from '../config.js';
import type { Change } from '#libs/acts/change.js';
import { readCmsFile } from '#libs/signature/cms-text.js';
import type { OfficialActs } from './official-acts.service.js';

interface ActOptions {
  readonly config?: string;
  readonly draft?: string;
  readonly apply?: string;
  readonly cms: readonly string[];
  readonly founding?: boolean;
  readonly json?: boolean;
}

const example = `
One of three ways:
  --draft act.json                       write the act; two officials sign it: openssl cms -sign -binary -outform DER …
  --apply act.json --cms a.p7s --cms b.p7s   append it with both signatures, within 24 h
  --founding                             append it unsigned; only before the registry is open`;

/**
 * Adds the common options.
 * @param changeOf the change that the rest of the command line asks for; not asked when an act is applied.
 */
export function acting<O extends object>(
  command: Command,
  kind: EntryKind,
  changesOf: (args: readonly string[], options: O) => readonly Change[] | Promise<readonly Change[]>,
): void {
  const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
  withConfig(command)
    .option('--draft <file>', 'write the act for two officials to sign')
    .option('--apply <file>', 'append the act in this file')
    .option('--cms <file>', 'a signature over it, DER, base64 or PEM; twice', collect, [])
    .option('--founding', 'append it unsigned, before the registry is open')
    .option('--json', 'print the receipts as JSON')
    .addHelpText('after', example)
    .action(async () => {
      const options = command.opts<ActOptions & O>();
      const ways = [options.draft, options.apply, options.founding].filter((way) => way !== undefined);
      if (ways.length !== 1)
        command.error('say one of --draft <file>, --apply <file>, --founding', { exitCode: 2 });
      const { openRegistry } = await import('../registry.module.js');
      const registry = await openRegistry(await toolConfig(options));
      try {
        const asked = () => changesOf(command.args, options);
        await act(registry.acts, kind, options, asked);
      } finally {
        await registry.close();
      }
    });
}

async function act(
  acts: OfficialActs,
  kind: EntryKind,
  options: ActOptions,
  asked: () => readonly Change[] | Promise<readonly Change[]>,
): Promise<void> {
  if (options.apply !== undefined) {
    const text = readFileSync(options.apply, 'utf8');
    const stated = (readJsonFile(options.apply) as { kind?: unknown } | null)?.kind;
    if (stated !== kind)
      throw new Error(`${options.apply} is an act of ${String(stated)}, this command is ${kind}`);
    const receipts = await acts.apply(
      text,
      options.cms.map((file) => readCmsFile(readFileSync(file))),
    );
    report(receipts, options);
    for (const receipt of receipts) await reportStanding(acts, receipt);
    return;
  }
  const changes = await asked();
  if (options.founding === true) {
    report(await acts.found(changes), options);
    return;
  }
  const [change, ...more] = changes;
  if (change === undefined || more.length > 0)
    throw new Error('an act that is signed is one change; name one');
  writeFileSync(options.draft ?? '', await acts.draft(change), { flag: 'wx', mode: 0o644 });
  const draft = options.draft ?? '';
  console.log(
    options.json === true
      ? JSON.stringify({ draft })
      : `${draft} is to be signed by two officials and applied within 24 hours.`,
  );
}

/** On the error output, because the receipts may be read by a program. */
async function reportStanding(acts: OfficialActs, receipt: Receipt): Promise<void> {
  const standing = await acts.standingOf(receipt);
  if (standing === 'waiting')
    console.error(
      `Entry ${receipt.index} is applied, but the clerk has not verified it within 10 s: what it loosens counts once it has. Start the clerk's worker, or read its log.`,
    );
  if (standing === 'refused')
    throw new Error(
      `the clerk found that entry ${receipt.index} does not hold: it counts for nobody (its log says why)`,
    );
}

function report(receipts: readonly Receipt[], { json }: ActOptions): void {
  if (json === true) {
    console.log(JSON.stringify(receipts, null, 2));
    return;
  }
  for (const { entry, index } of receipts) {
    const { kind, id } = JSON.parse(entry) as { kind: string; id: string };
    console.log(`${index} ${kind} ${id}`);
  }
}
