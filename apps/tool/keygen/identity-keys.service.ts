/**
 * The steps by which the identity key is exchanged, in the `identity.json` of every process that has one. A file is
 *
 *     {key O}  →  {key O, next N}  →  {key N, old O}  →  {key N}
 *
 * so that every process opens what any process seals, at each step. Cut short between two files, the same step is finished
 * before another is begun.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { IdentityFile, NamedSecret } from '#libs/platform/keys.js';
import { keyTable } from './key-table.js';
import { replaceSecretFile } from './secret-file.service.js';
import { readJsonFile } from '#libs/platform/json-file.js';

/** Where the exchange stands: nothing under way, a next key beside the one in use, or an old one beside it. */
export type IdentityStage = 'single' | 'next' | 'old';

export interface IdentityFiles {
  readonly content: IdentityFile;
  readonly stage: IdentityStage;
  /** Whether all files held this already. */
  readonly isWhole: boolean;
}

/**
 * Reads the files, and finishes a step that was cut short.
 * @throws Error when two files are not one step apart
 */
export function wholeIdentityFiles(out: string): IdentityFiles {
  const contents = filesIn(out).map((file) => readJsonFile(file) as IdentityFile);
  const [first, ...others] = contents;
  if (first === undefined) throw new Error(`${out}: no process here has an identity.json`);
  const content = others.reduce(laterOf, first);
  const isWhole = contents.every((each) => isSame(each, content));
  if (!isWhole) write(out, content);
  return { content, stage: stageOf(content), isWhole };
}

/** `{key O}` → `{key O, next N}`: from here on every process that is started can open what N seals. */
export function addNextIdentity(out: string): IdentityFile {
  const { keyId, key } = wholeIdentityFiles(out).content;
  const next = { keyId: randomBytes(4).toString('hex'), key: randomBytes(32).toString('base64url') };
  return write(out, { keyId, key, next });
}

/** `{key O, next N}` → `{key N, old O}`: N seals, and what O sealed stays open. */
export function useNextIdentity(out: string): IdentityFile {
  const { keyId, key, next } = wholeIdentityFiles(out).content;
  if (next === undefined) throw new Error('no next identity key waits');
  return write(out, { ...next, old: { keyId, key } });
}

/** `{key N, old O}` → `{key N}`: nothing is sealed under O any more. */
export function dropOldIdentity(out: string): IdentityFile {
  const { keyId, key } = wholeIdentityFiles(out).content;
  return write(out, { keyId, key });
}

function filesIn(out: string): readonly string[] {
  return Object.entries(keyTable)
    .filter(([, own]) => own.includes('identity.json'))
    .map(([process]) => join(out, process, 'identity.json'))
    .filter((file) => existsSync(file));
}

function write(out: string, content: IdentityFile): IdentityFile {
  for (const file of filesIn(out)) replaceSecretFile(file, content);
  return content;
}

function stageOf({ next, old }: IdentityFile): IdentityStage {
  if (next !== undefined) return 'next';
  return old === undefined ? 'single' : 'old';
}

/** The later of two contents that are at most one step apart. */
function laterOf(a: IdentityFile, b: IdentityFile): IdentityFile {
  if (isSame(a, b) || followsFrom(b, a)) return a;
  if (followsFrom(a, b)) return b;
  throw new Error('two identity.json are more than one step apart: put the right one into every directory');
}

function followsFrom(before: IdentityFile, after: IdentityFile): boolean {
  const [was, is] = [stageOf(before), stageOf(after)];
  if (was === 'single' && is === 'next') return isSameKey(before, after);
  if (was === 'next' && is === 'old') return isSameKey(before.next, after) && isSameKey(before, after.old);
  return was === 'old' && is === 'single' && isSameKey(before, after);
}

function isSame(a: IdentityFile, b: IdentityFile): boolean {
  return isSameKey(a, b) && isSameKey(a.next, b.next) && isSameKey(a.old, b.old);
}

function isSameKey(a: NamedSecret | undefined, b: NamedSecret | undefined): boolean {
  return a?.keyId === b?.keyId && a?.key === b?.key;
}
