/** The parent's side of `lender-process.ts`: a lender that can be killed and frozen, as no part of this process can. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Problem } from '#libs/problem/problem.js';
import type { ProblemCode } from '#libs/problem/catalogue.js';
import type { Contender, Lender } from './contenders.js';
import type { Told } from './history.js';
import type { LenderAnswer, LenderQuestion, LenderStart } from './lender-process.js';
import { ProcessEnded } from './recorder.js';

export interface ForkedLender extends Lender {
  /** SIGKILL, SIGSTOP or SIGCONT; returns at once. */
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
}

interface Waiting {
  resolve(told: Told): void;
  reject(error: Error): void;
}

/** Starts the process and returns when it is connected to its database. */
export async function forkedLender({ target, lookup }: Contender): Promise<ForkedLender> {
  const child = fork('test/support/lender-process.ts', {
    execArgv: ['--import', './test/support/typescript.mjs'],
    serialization: 'advanced',
  });
  const waiting = new Map<number, Waiting>();
  const outbox: (LenderStart | LenderQuestion)[] = [];
  let asked = 0;
  // What is asked in one turn arrives in one, and shares a batch as it would from callers at once.
  const flush = (): void => {
    const questions = outbox.splice(0);
    if (child.connected) child.send(questions);
  };
  const ask = (question: LenderStart | Omit<LenderQuestion, 'id'>): Promise<Told> =>
    new Promise((resolve, reject) => {
      const id = asked++;
      if (!child.connected) return reject(new ProcessEnded());
      waiting.set(id, { resolve, reject });
      if (outbox.push({ id, ...question }) === 1) setImmediate(flush);
    });
  child.on('message', (answer: LenderAnswer) => {
    const one = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('told' in answer) one?.resolve(answer.told);
    else one?.reject(new Problem(answer.code as ProblemCode, { cause: new Error(answer.what) }));
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new ProcessEnded());
    waiting.clear();
  });
  // What was under way when the process was killed cannot be sent any more; `exit` says so to those who wait.
  child.on('error', () => undefined);
  await ask({ target, lookup: [...lookup] });
  return {
    check: (key, iin) => ask({ key, iin }),
    signal: (name) => void child.kill(name),
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
