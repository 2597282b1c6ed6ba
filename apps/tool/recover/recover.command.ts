/** `tool recover`: the log that lost entries is closed by an act of two officials, and the registry goes on. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Config } from '#libs/platform/config.js';
import { toolConfig, withConfig } from '../config.js';

interface Options {
  readonly config?: string;
  readonly log?: string;
  readonly quorum: string;
  readonly draft?: string;
  readonly apply?: string;
  readonly cms: readonly string[];
  readonly json?: boolean;
}

const example = `
In this order (docs/operations.md, "A restored backup"), with the configurations as they were:
  tool recover --log https://log.example --draft broken.json   says what is lost and writes the act
  two officials sign broken.json, as every act
  tool recover --apply broken.json --cms a.p7s --cms b.p7s --config owner.json
                                                               closes the log, which takes the owner's password;
                                                               then set the next origin everywhere`;

export function register(program: Command): void {
  const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
  withConfig(
    program
      .command('recover')
      .description(
        'close the log that lost entries with a restored database, and go on under the next number',
      ),
  )
    .option('--log <url>', 'the public log, or a mirror of it: whichever has the newer checkpoint')
    .option('--quorum <n>', 'so many of the configured witnesses must have signed its checkpoint', '0')
    .option('--draft <file>', 'write the act for two officials to sign')
    .option('--apply <file>', 'append the act in this file')
    .option('--cms <file>', 'a signature over it, DER; twice', collect, [])
    .option('--json', 'print JSON in place of text')
    .addHelpText('after', example)
    .action(async (options: Options, command: Command) => {
      const fail = (text: string): never => command.error(text, { exitCode: 2 });
      const { draft, apply, log } = options;
      if ((draft === undefined) === (apply === undefined)) fail('say one of --draft <file>, --apply <file>');
      const config = await toolConfig(options);
      if (apply !== undefined) await close(config, apply, options);
      else
        await write(config, draft ?? '', {
          ...options,
          log: log ?? fail('say where the log is: --log <url>'),
        });
    });
}

async function write(
  config: Config,
  file: string,
  options: Options & { readonly log: string },
): Promise<void> {
  const { openRegistry } = await import('../registry.module.js');
  const { journalHead } = await import('#libs/journal/journal.store.js');
  const { LogClient } = await import('../verify/log.client.js');
  const { parseVkey } = await import('#libs/tlog/note.js');
  const { lossOf } = await import('./recover.service.js');
  const registry = await openRegistry(config);
  try {
    const head = await journalHead(registry.dataSource.manager);
    const left = { head, registry: await registry.journal.refreshRules() };
    const witnesses = config.witnesses?.map(({ vkey }) => parseVkey(vkey)) ?? [];
    const loss = await lossOf(new LogClient(options.log), left, witnesses, Number(options.quorum));
    writeFileSync(file, await registry.acts.draft(loss.change, head.size), { flag: 'wx', mode: 0o644 });
    const { level, checkpoint } = loss.published;
    const said = { draft: file, origin: head.origin, level, lost: { from: head.size, to: checkpoint.size } };
    if (options.json === true) return console.log(JSON.stringify(said));
    console.log(
      `${head.origin} published ${checkpoint.size} entries (${level}); the database has the first ${head.size} of them.`,
    );
    console.log(`${file} is to be signed by two officials and applied within 24 hours.`);
  } finally {
    await registry.close();
  }
}

async function close(config: Config, file: string, { cms, json }: Options): Promise<void> {
  const { openRegistry } = await import('../registry.module.js');
  const { successorOf } = await import('#libs/acts/log-changes.js');
  const successor = successorOf(config.origin);
  const registry = await openRegistry(config, successor);
  try {
    const signatures = cms.map((each) => readFileSync(each));
    const receipts = await registry.acts.apply(readFileSync(file, 'utf8'), signatures);
    if (json === true) return console.log(JSON.stringify(receipts, null, 2));
    console.log(
      `${config.origin} is closed with entry ${receipts[0]?.index ?? ''}. It goes on as ${successor}:`,
    );
    console.log(
      `set "origin": "${successor}" and a new tilesDir in every configuration, the old folder in the`,
    );
    console.log(
      'log\'s "closedLogs", tell the witnesses the new vkey, and start the processes, the signer first.',
    );
  } finally {
    await registry.close();
  }
}
