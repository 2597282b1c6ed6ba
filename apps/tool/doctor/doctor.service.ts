/** `tool doctor`: one question after the other, each answered whatever became of the others, each with what to do next. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource, EntityManager } from 'typeorm';
import type { Config } from '#libs/platform/config.js';
import { clockOffsetProblem } from '#libs/journal/head-row.js';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import { readIdentityKey, readLookupKeys, readSigningKey } from '#libs/platform/keys.js';
import { migrations } from '../../../migrations/index.js';
import type { ToolJournal } from '../acts/official-acts.service.js';
import { bad, diagnoseKeys, diagnoseKeySet, good, warning, type Diagnosis } from './diagnosis.js';
import { connectionsOfRoles, notedAlarms, notedLists, ranMigrations } from './doctor.store.js';
import { servedKids } from './jwks.client.js';
import { diagnoseAlarms, diagnoseConnections, diagnoseLists } from './noted.js';
import { examinePublished } from './published.service.js';

const fewDays = 7;

/** @param openJournal the tool's Journal over this configuration; only called when keys and database are there. */
export async function examine(
  config: Config,
  openJournal: (config: Config, dataSource: DataSource) => ToolJournal,
): Promise<readonly Diagnosis[]> {
  const keys = examineKeysDirectory(config.keysDir);
  const { opened, fault } = await enter(config);
  if (opened === undefined)
    return [
      ...keys,
      bad('database', fault, 'start PostgreSQL (17 or newer), check host, port, user and passwordFile'),
    ];
  try {
    const lines = [...keys, good('database', `reached as ${config.database.user}`)];
    const ran = await examineMigrations(opened.manager);
    const canGoOn = [...lines, ran].every(({ answer }) => answer !== 'bad');
    if (!canGoOn) return [...lines, ran];
    return [...lines, ran, ...(await examineRegistry(config, openJournal(config, opened), opened.manager))];
  } finally {
    await opened.destroy();
  }
}

async function enter({
  database,
}: Config): Promise<{ readonly opened?: DataSource; readonly fault: string }> {
  try {
    return { opened: await openDatabase(databaseTarget(database), { poolSize: 2 }), fault: '' };
  } catch (error) {
    // An address with several families fails with a code and no message.
    const { message, code } = error as { message: string; code?: string };
    return { fault: message === '' ? (code ?? 'not reached') : message };
  }
}

function examineKeysDirectory(dir: string): readonly Diagnosis[] {
  const question = 'keys directory';
  try {
    const open = ['.', ...readdirSync(dir)].filter((file) => (statSync(join(dir, file)).mode & 0o077) !== 0);
    if (open.length > 0)
      return [bad(question, `others can read ${open.join(', ')}`, `chmod 700 ${dir}; chmod 600 ${dir}/*`)];
    readSigningKey(dir, 'head.jwk.json');
    readLookupKeys(dir);
    readIdentityKey(dir);
    return [good(question, 'head, lookup and identity keys, for this user alone')];
  } catch (error) {
    return [bad(question, (error as Error).message, 'tool keygen, or point keysDir to the keys of app tool')];
  }
}

async function examineMigrations(tx: EntityManager): Promise<Diagnosis> {
  const question = 'migrations';
  const ran = await ranMigrations(tx);
  const missing = migrations.filter(({ name }) => !ran.includes(name));
  if (missing.length > 0)
    return bad(question, `${missing.length} did not run`, 'tool migrate --owner-config <file>');
  return ran.length > migrations.length
    ? bad(question, 'the database is ahead of this program', 'run the newer release')
    : good(question, `all ${ran.length} ran`);
}

const putBack =
  'tool fsck names the rows; put them back from a backup, and the clerk’s worker settles it: docs/operations.md, In doubt';
/** Why nobody is answered although everything fits. */
const silences: Readonly<Record<string, string>> = {
  published: 'start the signer, which compares this database with what was published',
  'entries-blanked': putBack,
  'entries-differ': putBack,
  'refusals-differ': putBack,
};

/** What an append would stumble over. */
async function examineRegistry(
  config: Config,
  journal: ToolJournal,
  tx: EntityManager,
): Promise<readonly Diagnosis[]> {
  const { problems, daysOfPartitions } = await journal.readiness().catch((error: unknown) => ({
    problems: [(error as Error).message],
    daysOfPartitions: -1,
  }));
  const nexts: Readonly<Record<string, string>> = {
    origin: 'this database holds another log; use its configuration',
    'lookup key': 'lookup.json is not the one this registry was made with; no check is answered with it',
    'identity key':
      'identity.json is not the one this registry was made with; nothing is sealed or appended with it',
    sentinel: 'tool migrate --owner-config <file> writes it; if it was there, the lookup key is wrong',
    clock: 'set the clocks of this machine and of the database by NTP',
    [clockOffsetProblem]:
      'journal_head.clock_offset_ms must be 0: the owner of the database moved the clock; call both officials',
  };
  const line = (question: string): Diagnosis =>
    problems.includes(question)
      ? bad(question, 'does not fit', nexts[question] ?? '')
      : good(question, 'fits');
  const isKnown = (problem: string): boolean =>
    problem === 'partitions' || Object.hasOwn(nexts, problem) || Object.hasOwn(silences, problem);
  const others = problems.filter((problem) => !isKnown(problem));
  const lines = [
    ...Object.keys(nexts).map(line),
    ...Object.entries(silences)
      .filter(([problem]) => problems.includes(problem))
      .map(([problem, next]) => bad('answers', `none: ${problem}`, next)),
    ...others.map((problem) => bad('head row', problem, 'tool migrate --owner-config <file>')),
    daysOfPartitions < fewDays || problems.includes('partitions')
      ? bad(
          'partitions',
          daysOfPartitions < fewDays
            ? `for ${daysOfPartitions} days`
            : 'not for today, or not for the next entries',
          'start the clerk’s worker, which makes them; or tool migrate',
        )
      : good('partitions', `for ${daysOfPartitions} days`),
  ];
  if (others.length > 0) return lines;
  const registry = await journal.refreshRules();
  const keys = [...registry.signingKeys.values()];
  const { kid } = readSigningKey(config.keysDir, 'head.jwk.json');
  return [
    ...lines,
    registry.isOpen
      ? good('registry', `open, ${registry.parties.size} parties`)
      : bad(
          'registry',
          'not open',
          'publish keys, admit parties and two officials, then tool open --founding',
        ),
    ...diagnoseKeys(keys, { ownKid: kid, at: journal.registryNow() }),
    await examineKeySet(
      `${config.logBase}/.well-known/jwks.json`,
      keys.map((key) => key.kid),
    ),
    await examineKeySet(
      `${config.issuer}/jwks`,
      keys
        .filter(({ purpose, retiredAt }) => purpose === 'access' && retiredAt === undefined)
        .map((key) => key.kid),
    ),
    ...(await examinePublished(config, tx, registry)),
    ...(await examineNoted(tx)),
  ];
}

/** What the processes noted of themselves and of those who ask. */
async function examineNoted(tx: EntityManager): Promise<readonly Diagnosis[]> {
  return [
    diagnoseAlarms(await notedAlarms(tx)),
    diagnoseLists(await notedLists(tx)),
    diagnoseConnections(await connectionsOfRoles(tx)),
  ];
}

async function examineKeySet(url: string, published: readonly string[]): Promise<Diagnosis> {
  try {
    return diagnoseKeySet(url, await servedKids(url), published);
  } catch (error) {
    return warning(
      url,
      `not reached: ${(error as Error).message}`,
      'start the app, or ask from a machine that sees it',
    );
  }
}
