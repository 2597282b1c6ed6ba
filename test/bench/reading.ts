/** `tool fsck` beside a round: it reads the whole Journal, again and again where that is soon done. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { environment, root, type Sandbox } from '../support/sandbox.js';

/** So that a small registry is read to its end at least once; one of twenty million entries would take a quarter of an hour. */
const patienceMs = 10_000;

/** @returns what ends it, and throws when fsck found anything. */
export function readWhole(sandbox: Sandbox): () => Promise<void> {
  let isOver = false;
  let reading: ChildProcess | undefined;
  const found: string[] = [];
  const run = (async () => {
    while (!isOver) {
      const child = spawn(process.execPath, ['--max-semi-space-size=64', 'dist/apps/tool/main.js', 'fsck'], {
        ...{ cwd: root, env: environment(sandbox.place) },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      reading = child;
      const ended = once(child, 'close').then(([code]) => code as number | null);
      const [said, code] = await Promise.all([text(child.stdout), ended]);
      const isCutShort = isOver && code === null;
      if (code !== 0 && !isCutShort) found.push(said);
    }
  })();
  return async () => {
    isOver = true;
    const timer = setTimeout(() => reading?.kill(), patienceMs);
    await run;
    clearTimeout(timer);
    if (found.length > 0) throw new Error(`fsck found something: ${found.join('\n')}`);
  };
}
