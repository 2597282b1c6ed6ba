/**
 * `tool fsck --log`: a public log judged from what it publishes and nothing else. Every bundle is hashed, every tile
 * compared, the root held against the signed checkpoint, openings of public entries and keys against their leaves. What was
 * read is kept in a state file, so that the next run goes on from there and notices a log that is not the same any more.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import {
  auditBundle,
  emptyHashEdge,
  frontierOf,
  type AuditFinding,
  type HashEdge,
  type ReadFile,
} from '#libs/tlog/audit.js';
import { tilePath, tileWidth, tileWith, type TileAt } from '#libs/tlog/tile.js';
import { rootOf, splitHashes } from '#libs/tlog/tree.js';
import { verifyCheckpoint, type Policy, type Published } from '#libs/tlog/verify-tlog-proof.js';
import type { LogClient } from '../verify/log.client.js';
import { checkKeys, checkOpenings, type OpeningFinding } from './log-openings.client.js';
import { readJsonFile } from '#libs/platform/json-file.js';

/** A finding of the audit, or an opening or key that does not fit its leaf. */
export type LogFinding = AuditFinding | OpeningFinding;

export interface LogReport {
  readonly published: Published;
  /** Where this run began: 0, or where the state file ended. */
  readonly from: number;
  /** Openings of public entries that fit their leaves. */
  readonly openings: number;
  readonly findings: readonly LogFinding[];
}

export interface LogFsckOptions {
  readonly policy: Policy;
  readonly stateFile?: string;
  onProgress?(done: number, total: number): void;
}

/** Bundles asked for before they are needed. */
const ahead = 24;
/** Bundles between two writes of the state. */
const keepEvery = 256;

interface State {
  readonly origin: string;
  readonly size: number;
  readonly levels: readonly string[];
  readonly newest: { readonly size: number; readonly root: string };
}

/** @throws PublishedError when the checkpoint does not verify, LogUnreachable when the log does not answer */
export async function fsckLog(log: LogClient, options: LogFsckOptions): Promise<LogReport> {
  const { policy, stateFile, onProgress } = options;
  const note = await log.checkpoint();
  if (note === undefined) throw new Error('the log has no checkpoint yet');
  const published = verifyCheckpoint(note, policy);
  const { origin, size, root } = published.checkpoint;
  const state = readState(stateFile, origin);
  const findings: LogFinding[] = [];
  const seen = state?.newest;
  if (seen && seen.size > size) findings.push(notTheSame(`it had ${seen.size} entries before, now ${size}`));
  let edge = state && state.size <= size ? edgeOf(state) : emptyHashEdge;
  const from = edge.size;
  const read = prefetching(log, size);
  let rootThen = seen && seen.size === edge.size ? rootOf(frontierOf(edge)) : undefined;
  const signed = { size, root: root.toString('base64') };
  // What was seen before stays to be judged until it is, however often the run is cut short.
  const keep = (): void => writeState(stateFile, origin, edge, seen && !rootThen ? seen : signed);
  for (let bundles = 0; edge.size < size; bundles += 1) {
    const step = await auditBundle(edge, published.checkpoint, read, seen ? [seen.size] : []);
    findings.push(...step.findings);
    rootThen ??= seen && step.roots.get(seen.size);
    onProgress?.(step.edge.size, size);
    // What the state holds ends with a full bundle, because a partial one is read again in another width.
    if (step.edge.size % tileWidth !== 0) {
      compareRoot(step.edge);
      break;
    }
    edge = step.edge;
    if (bundles % keepEvery === keepEvery - 1 && findings.length === 0) keep();
    if (edge.size === size) compareRoot(edge);
  }
  if (seen && rootThen && rootThen.toString('base64') !== seen.root)
    findings.push(notTheSame(`the first ${seen.size} entries have another root than they had`));
  if (from === size) compareRoot(edge);
  if (findings.length === 0) keep();
  const opened = from === 0 ? await checkOpenings(log, read, size) : { openings: 0, findings: [] };
  findings.push(...opened.findings, ...(await checkKeys(log, read, size)));
  return { published, from, openings: opened.openings, findings };

  function compareRoot(of: HashEdge): void {
    if (!rootOf(frontierOf(of)).equals(root))
      findings.push({ code: 'root-differs', path: 'checkpoint', what: 'is not the root of the entries' });
  }
}

function notTheSame(what: string): AuditFinding {
  return { code: 'not-the-log-seen-before', path: 'checkpoint', what };
}

/** Asks for the files of the next bundles before their turn; every file is asked for once. */
function prefetching(log: LogClient, size: number): ReadFile {
  const asked = new Map<string, Promise<Buffer | undefined>>();
  let next = 0;
  const ask = (at: TileAt): Promise<Buffer | undefined> => {
    const answer = log.file(at);
    // A failure is thrown where the file is read.
    answer.catch(() => undefined);
    return answer;
  };
  return async (at) => {
    const start = at.level === 'entries' ? at.index : next - ahead;
    for (next = Math.max(next, start); next < start + ahead && next * tileWidth < size; next += 1) {
      const tile = tileWith(0, next * tileWidth, size);
      for (const each of [{ ...tile, level: 'entries' as const }, tile]) asked.set(tilePath(each), ask(each));
    }
    const path = tilePath(at);
    const answer = asked.get(path) ?? ask(at);
    asked.delete(path);
    return answer;
  };
}

function readState(file: string | undefined, origin: string): State | undefined {
  if (file === undefined || !existsSync(file)) return undefined;
  const state = readJsonFile(file) as State;
  if (state.origin !== origin) throw new Error(`${file} is of another log: ${state.origin}`);
  return state;
}

function edgeOf({ size, levels }: State): HashEdge {
  return { size, levels: levels.map((each) => splitHashes(Buffer.from(each, 'base64'))) };
}

function writeState(
  file: string | undefined,
  origin: string,
  { size, levels }: HashEdge,
  newest: State['newest'],
): void {
  if (file === undefined) return;
  const state: State = {
    origin,
    size,
    levels: levels.map((each) => Buffer.concat(each).toString('base64')),
    newest,
  };
  writeFileSync(`${file}.new`, `${JSON.stringify(state)}\n`);
  renameSync(`${file}.new`, file);
}
