/**
 * A program: a country goes live. Makes a registry that is not open, what the sources deliver about so many people
 * (`--people 3000000`), imports it with the built tool, compares the sums with those planted, opens, and says how long each
 * step took and how much memory the tool took. `--fsck` reads the whole Journal afterwards.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { startCluster } from '../../apps/sandbox/postgres/cluster.js';
import type { Change } from '#libs/acts/change.js';
import { defaultRules } from '#libs/regime/defaults.js';
import { ruleToJson } from '#libs/regime/rule-json.js';
import { freePort } from '../support/free-port.js';
import { newOperator } from '../support/operator.js';
import { makeTemplate } from '../support/template.js';
import { superuserFile, writeTestCluster } from '../support/test-home.js';

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '300000' },
    sources: { type: 'string', default: 'egov,gkb,pkb' },
    fsck: { type: 'boolean', default: false },
  },
});

const home = mkdtempSync(join(tmpdir(), 'tyiym-going-live-'));
const cluster = await startCluster({
  dir: join(home, 'pg'),
  port: await freePort(),
  superuserPasswordFile: superuserFile(home),
});
try {
  await makeTemplate(home, cluster);
  writeTestCluster(home, cluster);
  process.env['TYIYM_TEST_HOME'] = home;
  await goLive();
} finally {
  await cluster.stop();
  rmSync(home, { recursive: true, force: true });
}

async function goLive(): Promise<void> {
  const operator = await newOperator({ opens: false });
  const { publicKeys, parties, officials } = operator.foundation;
  await operator.registry.acts.found([
    ...publicKeys.map((key): Change => ({ kind: 'key.published', body: { ...key } })),
    ...parties.map((party): Change => ({ kind: 'party.admitted', body: { party } })),
    ...officials.map((official): Change => ({ kind: 'party.admitted', body: { official } })),
  ]);
  const config = join(home, 'tool.json');
  writeFileSync(config, JSON.stringify(operator.config));
  const dir = join(home, 'delivered');
  mkdirSync(dir);
  const { people, sources } = values;
  const typescript = ['--import', './test/support/typescript.mjs'];
  const made = await timed('files', [
    ...[...typescript, 'test/long/deliveries.ts'],
    ...['--people', people, '--dir', dir, '--sources', sources],
  ]);
  const files = sources.split(',').flatMap((source) => ['--refusals', join(dir, `${source}.csv`)]);
  const report = ['--report', join(home, 'report.ndjson')];
  const tool = ['dist/apps/tool/main.js', 'import', '--config', config, '--json', ...files, ...report];
  const dry = await timed('dry run', [...tool, '--dry-run']);
  const live = await timed('import', tool);
  for (const out of [dry, live]) compare(made, out);
  const again = await timed('import again, with nobody left', tool);
  if (sumOf(again, 'inherited') !== 0) throw new Error('somebody was inherited twice');
  await operator.registry.acts.found([
    {
      kind: 'registry.opened',
      body: { origin: operator.config.origin, regime: defaultRules.map(ruleToJson) },
    },
  ]);
  if (values.fsck) await timed('fsck', ['dist/apps/tool/main.js', 'fsck', '--config', config], [0]);
  const { rows } = await operator.database.superuser.query<{ size: string }>(
    'SELECT pg_size_pretty(pg_database_size(current_database())) AS size',
  );
  console.log(`the database takes ${rows[0]?.size ?? ''}`);
  await operator.close();
}

/**
 * Runs a program and says how long it took and its greatest memory.
 * @param ends codes it may end with; an import that leaves lines out ends with 1
 * @returns what it printed
 */
async function timed(what: string, args: readonly string[], ends = [0, 1]): Promise<string> {
  const from = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let [out, most] = ['', 0];
  child.stdout.on('data', (some: Buffer) => (out += some.toString()));
  const watch = setInterval(() => (most = Math.max(most, residentMiB(child.pid))), 250);
  const [code] = (await ended) as [number | null];
  clearInterval(watch);
  const seconds = (performance.now() - from) / 1000;
  const rate = Math.round(Number(values.people) / seconds);
  console.log(
    `${what}: ${seconds.toFixed(1)} s, ${String(rate)} people/s, at most ${String(most)} MiB, ended with ${String(code)}`,
  );
  if (!ends.includes(code ?? -1)) throw new Error(`${what} failed: ${out}`);
  return out;
}

function residentMiB(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}

/** @throws Error when the import did not find what was planted */
function compare(planted: string, found: string): void {
  const { sources, ...sums } = JSON.parse(found) as { readonly sources: Record<string, { leftOut: number }> };
  const leftOut = Object.values(sources).reduce((sum, each) => sum + each.leftOut, 0);
  const { inherited: _i, alreadyHere: _a, report: _r, ...own } = sums as Record<string, unknown>;
  if (!isDeepStrictEqual({ ...own, leftOut }, JSON.parse(planted)))
    throw new Error(`planted ${planted}, found ${JSON.stringify({ ...own, leftOut })}`);
}

function sumOf(out: string, name: string): unknown {
  return (JSON.parse(out) as Record<string, unknown>)[name];
}
