/** Where a test run keeps its cluster: written by `test-cluster.ts`, read by the specs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseTarget } from '#libs/platform/database.js';

/** The migrated database that every spec's own is cloned from. */
export const templateName = 'tyiym_template';

export const secretsDir = (home: string): string => join(home, 'secrets');

export const superuserFile = (home: string): string => join(home, 'secrets', 'superuser');

/** Written last, when the template is complete. */
export function writeTestCluster(home: string, { superuser }: { superuser: DatabaseTarget }): void {
  writeFileSync(join(home, 'cluster.json'), JSON.stringify(superuser), { mode: 0o600 });
}

/** The folder of this run and its superuser. @throws Error outside jest's `integration` project. */
export function testCluster(): { home: string; superuser: DatabaseTarget } {
  const home = process.env['TYIYM_TEST_HOME'];
  if (home === undefined) throw new Error('No test cluster: only specs of the integration project have one.');
  const superuser = JSON.parse(readFileSync(join(home, 'cluster.json'), 'utf8')) as DatabaseTarget;
  return { home, superuser };
}
