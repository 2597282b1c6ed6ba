/** A process whose log is not read: it goes on answering, counts what it drops, ends in time, and tells of its crash. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { eventually } from '../support/eventually.js';

interface Chatty {
  readonly child: ChildProcess;
  /** Asks it to do something; the metrics it answers with. */
  act(path: string): Promise<string>;
}

interface LogLine {
  readonly at?: number;
  readonly level: number;
  readonly msg: string;
  readonly dropped?: number;
}

const children: ChildProcess[] = [];

async function chatty(stdout: 'pipe' | number = 'pipe'): Promise<Chatty> {
  const child = spawn(
    process.execPath,
    ['--import', './test/support/typescript.mjs', 'test/support/chatty-process.ts'],
    { stdio: ['ignore', stdout, 'pipe', 'ipc'] },
  );
  children.push(child);
  const [{ port }] = (await once(child, 'message')) as [AddressInfo];
  return {
    child,
    act: async (path) => (await fetch(`http://127.0.0.1:${port}/${path}`)).text(),
  };
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
});

const droppedOf = (figures: string): number =>
  Number(/^tyiym_log_lines_dropped_total (\d+)$/m.exec(figures)?.[1]);
const linesOf = (said: string): LogLine[] =>
  said
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LogLine);
const read = ({ child: { stdout } }: Chatty): Promise<string> =>
  stdout === null ? Promise.resolve('') : text(stdout);

describe('a process whose standard output nobody reads', () => {
  it('answers after megabytes of lines, counts what it dropped, and ends in time', async () => {
    const one = await chatty();
    await one.act('lines/6000');
    const figures = await one.act('figures');
    // A megabyte and a pipe hold at most two thousand lines of this length.
    expect(droppedOf(figures)).toBeGreaterThan(3000);
    one.child.kill('SIGTERM');
    expect(await once(one.child, 'exit')).toEqual([0, null]);
  });

  it('says how many it dropped as soon as it is read again, and no line is torn', async () => {
    const one = await chatty();
    await one.act('lines/6000');
    const dropped = droppedOf(await one.act('figures'));
    const said = read(one);
    one.child.kill('SIGTERM');
    const lines = linesOf(await said);
    expect(lines.filter((line) => line.dropped !== undefined)).toMatchObject([{ level: 40, dropped }]);
    const at = lines.flatMap((line) => line.at ?? []);
    expect(at).toEqual(Array.from({ length: 6000 - dropped }, (_, index) => index));
    expect(lines.slice(-2).map(({ msg }) => msg)).toContain('stopped');
  });

  it.each(['throw', 'reject'])('tells of its crash before the lines that wait: %s', async (act) => {
    const one = await chatty();
    await one.act('lines/6000');
    const exit = once(one.child, 'exit');
    // The answer may be lost with the process.
    await one.act(act).catch(() => undefined);
    const lines = linesOf((await read(one)).replace(/\n[^\n]*$/, ''));
    expect(await exit).toEqual([1, null]);
    const crash = lines.findIndex(({ level }) => level === 60);
    expect(lines[crash]).toMatchObject({ failure: { at: expect.arrayContaining([expect.any(String)]) } });
    expect(lines.length).toBeGreaterThan(crash + 1);
  });
});

describe('a process whose standard output is read', () => {
  it('loses no line, makes one of what Node warns of, and tells of its crash with the last', async () => {
    const one = await chatty();
    const said = read(one);
    let arrived = 0;
    one.child.stdout?.on('data', (data: Buffer) => (arrived += data.toString().split('\n').length - 1));
    for (let told = 500; told <= 3000; told += 500) {
      await one.act('lines/500');
      await eventually(
        `${told} lines`,
        () => Promise.resolve(arrived),
        (count) => count === told,
      );
    }
    await one.act('warn');
    await one.act('throw').catch(() => undefined);
    const lines = linesOf(await said);
    expect(lines.flatMap((line) => line.at ?? [])).toHaveLength(3000);
    expect(lines.slice(3000)).toMatchObject([
      { level: 40, warning: { message: 'look here' } },
      { level: 60, failure: { message: 'nobody expected this' } },
    ]);
  });

  it('ends when its reader is gone', async () => {
    const one = await chatty();
    one.child.stdout?.destroy();
    const exit = once(one.child, 'exit');
    await one.act('lines/1').catch(() => undefined);
    expect(await exit).toEqual([0, null]);
  });

  it('may be a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tyiym-log-'));
    const file = openSync(join(folder, 'log'), 'a');
    const one = await chatty(file);
    await one.act('lines/3000');
    one.child.kill('SIGTERM');
    await once(one.child, 'exit');
    closeSync(file);
    const lines = linesOf(readFileSync(join(folder, 'log'), 'utf8'));
    rmSync(folder, { recursive: true });
    expect(lines.flatMap((line) => line.at ?? [])).toHaveLength(3000);
  });
});
