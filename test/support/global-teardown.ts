/** Stops the PostgreSQL of the test run and waits until its folder is gone. */
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';

export default async function globalTeardown(): Promise<void> {
  const child = (globalThis as { tyiymCluster?: ChildProcess }).tyiymCluster;
  if (!child || child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.stdin?.end();
  await exited;
}
