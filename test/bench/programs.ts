/** Programs of this folder as processes of their own, each of which says when it is ready and takes jobs one at a time. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Round } from './job.js';

export type Program = (name: string, args?: readonly string[]) => ChildProcess;

/** A program that takes jobs one at a time. */
export class Client<J, R = Round> {
  constructor(private readonly child: ChildProcess) {}

  get pid(): number {
    return pidOf(this.child);
  }

  async run(job: J): Promise<R> {
    this.child.send(job as object);
    const [said] = (await once(this.child, 'message')) as [{ result?: R; error?: string }];
    if (said.result === undefined) throw new Error(`a client of the bench failed: ${said.error ?? ''}`);
    return said.result;
  }
}

/** Starts programs and keeps them in `children`, for whoever has to end them. */
export function programs(children: ChildProcess[]): Program {
  return (name, args = []) => {
    const child = fork(join(import.meta.dirname, name), [...args], {
      execArgv: execArgv(name),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.push(child);
    return child;
  };
}

/** @throws when it ends before it says that it is ready */
export async function listening(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit').then(() => {
    throw new Error('a server of the bench ended before it listened');
  });
  await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => undefined);
}

export function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('a program of the bench could not start');
  return pid;
}

/** What is made once and asked for often. */
export function onlyOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** Sources need their loader; what is JavaScript already does not. */
function execArgv(name: string): string[] {
  const loader = join(import.meta.dirname, '..', 'support', 'typescript.mjs');
  return name.endsWith('.ts') ? ['--no-warnings', '--import', loader] : [];
}
