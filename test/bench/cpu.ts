/** Processor time of processes as the kernel counts it (proc(5)); Linux only, elsewhere everything is 0. */
import { readdirSync, readFileSync } from 'node:fs';

/** Whose time is counted beside the client's own. */
export interface Watched {
  readonly node: readonly number[];
  readonly postmaster?: number;
}

/** Seconds of processor time. */
export interface Cpu {
  readonly node: number;
  readonly postgres: number;
  readonly client: number;
}

/** Linux counts in hundredths of a second whatever its own tick is (sysconf(_SC_CLK_TCK)). */
const ticksPerSecond = 100;

interface Stat {
  readonly parent: number;
  readonly own: number;
  /** Of children that ended and were waited for. */
  readonly children: number;
}

/** Everything used so far. */
export function cpuNow({ node, postmaster }: Watched): Cpu {
  const { user, system } = process.cpuUsage();
  return {
    node: sum(node.map((pid) => statOf(pid)?.own ?? 0)),
    postgres: postmaster === undefined ? 0 : ofCluster(postmaster),
    client: (user + system) / 1e6,
  };
}

/** What was used between two readings. */
export function cpuBetween(before: Cpu, after: Cpu): Cpu {
  return {
    node: after.node - before.node,
    postgres: after.postgres - before.postgres,
    client: after.client - before.client,
  };
}

/** The first process and its backends, also those that have ended. */
function ofCluster(postmaster: number): number {
  const all = pids().map((pid) => ({ pid, stat: statOf(pid) }));
  const backends = all.filter(({ stat }) => stat?.parent === postmaster).map(({ stat }) => stat?.own ?? 0);
  const first = statOf(postmaster);
  return sum([...backends, first?.own ?? 0, first?.children ?? 0]);
}

function pids(): readonly number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0);
  } catch {
    return [];
  }
}

function statOf(pid: number): Stat | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The name of the program stands in parentheses and may hold blanks; the fields after it are numbered from 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const seconds = (field: number): number => Number(fields[field - 3]) / ticksPerSecond;
    return {
      parent: Number(fields[1]),
      own: seconds(14) + seconds(15),
      children: seconds(16) + seconds(17),
    };
  } catch {
    return undefined;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
