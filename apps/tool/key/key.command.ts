/** `tool key …`: which public keys the registry signs with; each is pinned by an entry. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { acting } from '../acts/act-options.command.js';
import type { Change } from '#libs/acts/change.js';
import { toolConfig, withConfig } from '../config.js';
import { progressBar } from '../progress.command.js';
import { readJsonFile } from '#libs/platform/json-file.js';

interface RotateOptions {
  readonly config?: string;
  readonly keys: string;
  readonly draft: string;
  readonly ownerConfig?: string;
  readonly json?: boolean;
}

const rotation = `
One step each time, whatever became of the last; call it again until it says that nothing is left:
  make and publish   writes --draft, which two officials sign; tool key publish --apply … appends it
  activate           puts the key in its place; start its process anew
  retire             writes --draft for the old key, once the new one has signed
Purposes: head/citizen head/lender head/bureau head/clerk head/tool access log set registry, and feed, identity and
lookup, which are secrets and need no act (docs/operations.md).`;

export function register(program: Command): void {
  const key = program.command('key').description('publish, rotate, retire or revoke keys of the registry');

  withConfig(
    key
      .command('rotate')
      .description('do the next step of the rotation of a key, and say which comes then')
      .argument('<purpose>', 'head/lender, log, … or feed, identity, lookup')
      .requiredOption('--keys <dir>', 'what tool keygen --out wrote')
      .option('--draft <file>', 'where the act for two officials goes', 'act.json')
      .option(
        '--owner-config <file>',
        'for identity: a configuration of app tool whose database user is the owner',
      ),
  )
    .option('--json', 'print JSON in place of text')
    .addHelpText('after', rotation)
    .action(rotateKey);

  acting<{ file: string }>(
    key
      .command('publish')
      .description('publish keys made by tool keygen; signed acts publish one at a time')
      .argument('[kid]', 'which of the file; without it all of them')
      .option('--file <file>', 'publicKeys.json; not needed with --apply'),
    'key.published',
    ([kid], { file }) => {
      const keys = readJsonFile(file) as { kid: string }[];
      const chosen = keys.filter((each) => kid === undefined || each.kid === kid);
      return chosen.map((each): Change => ({ kind: 'key.published', body: { ...each } }));
    },
  );

  acting(
    key
      .command('retire')
      .description('a key signs no more; what it signed stands')
      .argument('[kid]', 'which; not needed with --apply'),
    'key.retired',
    ([kid]) => [{ kind: 'key.retired', body: { kid } }],
  );

  acting<{ since?: string }>(
    key
      .command('compromise')
      .description('a key got into other hands: its signatures no longer count by themselves')
      .argument('[kid]', 'which; not needed with --apply')
      .option('--since <instant>', 'RFC 3339 with milliseconds and Z (default: now)'),
    'key.compromised',
    ([kid], { since }) => [{ kind: 'key.compromised', body: { kid, ...(since !== undefined && { since }) } }],
  );
}

async function rotateKey(purpose: string, options: RotateOptions): Promise<void> {
  const root = resolve(options.keys);
  if (purpose === 'lookup') return rotateLookup(root, options);
  if (purpose === 'identity') return rotateIdentity(root, options);
  const { openRegistry } = await import('../registry.module.js');
  const { hasSignedHead } = await import('./heads.store.js');
  const { rotate, wordsOf } = await import('./rotate.service.js');
  const registry = await openRegistry(await toolConfig(options));
  try {
    if (purpose === 'feed') return await rotateFeed(root, registry.journal.registryNow(), options);
    const rules = await registry.journal.refreshRules();
    const tx = registry.dataSource.manager;
    const hasSigned = (kid: string): Promise<boolean | undefined> =>
      purpose.startsWith('head/') ? hasSignedHead(tx, kid) : Promise.resolve(undefined);
    const rotated = await rotate(root, purpose, rules, registry.journal.registryNow(), hasSigned);
    if (rotated.change !== undefined)
      writeFileSync(options.draft, await registry.acts.draft(rotated.change), { flag: 'wx', mode: 0o644 });
    if (options.json === true) console.log(JSON.stringify(rotated.step));
    else console.log(wordsOf(rotated, purpose, options.draft));
  } finally {
    await registry.close();
  }
}

/** Lookup keys are never retired here: whoever stands under one keeps his pseudonym. */
async function rotateLookup(root: string, { json }: RotateOptions): Promise<void> {
  const { addLookupEpoch } = await import('../keygen/lookup-epochs.service.js');
  const { randomBytes } = await import('node:crypto');
  const epoch = addLookupEpoch(root, randomBytes(32));
  if (json === true) return console.log(JSON.stringify({ step: 'carry', epoch }));
  console.log(
    `lookup/${epoch} is made: carry each lookup.json to its machine; tool migrate; then start the processes anew.`,
  );
}

/** Roots are never retired: what was sealed under one is sealed under it for good. */
async function rotateFeed(root: string, now: number, { json }: RotateOptions): Promise<void> {
  const { addFeedRoot } = await import('../keygen/feed-roots.service.js');
  const { randomBytes } = await import('node:crypto');
  const { from, isNew } = addFeedRoot(root, now, randomBytes(32));
  if (json === true) return console.log(JSON.stringify({ step: 'carry', from }));
  console.log(
    `${isNew ? 'The next root of the streams is made' : 'The next root is made already'} and counts from ${from} (UTC): ` +
      "carry feed.json to the clerk's worker and start it anew before that day. Later is no harm: a day that was begun " +
      'under the old root ends under it.',
  );
}

/** The identity key in four steps, each of which is carried to the machines before the next is taken. */
async function rotateIdentity(root: string, { ownerConfig, json }: RotateOptions): Promise<void> {
  if (ownerConfig === undefined)
    throw new Error(
      'name the configuration of the owner with --owner-config: wrapped keys are changed as the owner',
    );
  const { loadConfig } = await import('#libs/platform/config.js');
  const { nextIdentityStep, identityWords } = await import('./rotate-identity.service.js');
  const bar = progressBar();
  try {
    const step = await nextIdentityStep(root, loadConfig(resolve(ownerConfig), ['tool']), {
      onStep: (name, total) => {
        bar.begin(name, total);
        if (json !== true) console.log(`· ${name}: ${total}`);
      },
      onProgress: bar.show,
    });
    console.log(json === true ? JSON.stringify(step) : identityWords(step));
  } finally {
    bar.stop();
  }
}
