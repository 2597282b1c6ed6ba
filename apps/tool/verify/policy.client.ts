/**
 * Whom the verifier believes: the keys they pin, else those of the sandbox they play in, which is said with the file that
 * names them. The log's own key may as a last resort come from the log, which is said, too; a witness never, because a log
 * could make up as many as it likes.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseVkey, type KeyKind, type Vkey } from '#libs/tlog/note.js';
import type { Policy } from '#libs/tlog/verify-tlog-proof.js';
import { sandboxDir } from '../home.client.js';
import { LogClient } from './log.client.js';
import { readJsonFile } from '#libs/platform/json-file.js';

export interface PolicyOptions {
  readonly log?: string;
  readonly logKey?: readonly string[];
  readonly witness?: readonly string[];
  readonly quorum?: number;
}

/** @param fail ends the command: it was called wrongly */
export async function policyOf(options: PolicyOptions, fail: (text: string) => never): Promise<Policy> {
  const { quorum = 0 } = options;
  const isPinned = options.logKey !== undefined && (options.witness !== undefined || quorum === 0);
  const pins = isPinned ? undefined : sandboxPins();
  const witnesses = options.witness ?? pins?.witnesses ?? [];
  if (witnesses.length < quorum) fail(`a quorum of ${quorum} needs as many --witness <vkey>`);
  const log = options.logKey ?? pins?.logVkeys ?? (await keysOfTheLog(options.log));
  const read = (vkey: string, kind: KeyKind): Vkey => {
    const key = attempt(vkey) ?? fail(`this is no vkey: ${vkey}`);
    if (key.kind === kind) return key;
    const [is, not] = kind === 'note' ? ["a witness's", "a log's"] : ["a log's", "a witness's"];
    return fail(`this is ${is} key and not ${not}: ${vkey}`);
  };
  return {
    log: log.map((vkey) => read(vkey, 'note')),
    witnesses: witnesses.map((vkey) => read(vkey, 'cosignature')),
    quorum,
  };
}

function attempt(vkey: string): Vkey | undefined {
  try {
    return parseVkey(vkey);
  } catch {
    return undefined;
  }
}

async function keysOfTheLog(url: string | undefined): Promise<readonly string[]> {
  if (url === undefined) return [];
  console.error("The log's key is taken from the log itself; pin it with --log-key to be sure of it.");
  const vkeys = await new LogClient(url).vkeys();
  return vkeys.filter((vkey) => parseVkey(vkey).kind === 'note');
}

function sandboxPins():
  { readonly logVkeys: readonly string[]; readonly witnesses: readonly string[] } | undefined {
  const file = resolve(sandboxDir(), 'sandbox.json');
  if (!existsSync(file)) return undefined;
  console.error(
    `Whom to believe is said by ${file}: pin --log-key and --witness to judge anything but that sandbox.`,
  );
  const { logVkeys = [], witnesses = [] } = readJsonFile(file) as {
    logVkeys?: string[];
    witnesses?: string[];
  };
  return { logVkeys, witnesses };
}
