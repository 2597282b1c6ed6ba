/**
 * Starts the PostgreSQL of one test run. It lives in a process of its own that ends when its standard input does, so it
 * goes with jest however jest goes: done, interrupted or killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Run {
  tyiymCluster?: ChildProcess;
}

/** The process that keeps the cluster, from set-up to tear-down. */
const run = globalThis as Run;

/** Returns when the template database is there; workers find it through `TYIYM_TEST_HOME`. */
export default async function globalSetup(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'tyiym-test-'));
  const args = ['--import', './test/support/typescript.mjs', 'test/support/test-cluster.ts', home];
  // npm scripts and jest both run with the repository as their directory.
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const outcome = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  if (String(outcome[0]) !== 'ready\n')
    throw new Error('The test cluster did not start; its message stands above.');
  process.env['TYIYM_TEST_HOME'] = home;
  run.tyiymCluster = child;
}
