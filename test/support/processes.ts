/**
 * Which processes belong to a home, asked of the kernel (proc(5), Linux): those started with this TYIYM_HOME, and a
 * PostgreSQL that works in its data directory. A zombie is none: in a container without an init nobody collects it.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { sep } from 'node:path';

export interface Process {
  readonly pid: number;
  /** Its arguments, joined by blanks. */
  readonly command: string;
}

/** Every live process of the home but ourselves. */
export function processesOf(home: string): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => belongsTo(home, pid) && !isZombie(pid))
    .map((pid) => ({ pid: Number(pid), command: read(pid, 'cmdline').replaceAll('\0', ' ').trim() }));
}

function belongsTo(home: string, pid: string): boolean {
  if (read(pid, 'environ').split('\0').includes(`TYIYM_HOME=${home}`)) return true;
  try {
    return `${readlinkSync(`/proc/${pid}/cwd`)}${sep}`.startsWith(`${home}${sep}`);
  } catch {
    return false;
  }
}

function isZombie(pid: string): boolean {
  const stat = read(pid, 'stat');
  return stat === '' || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

/** Empty when it is gone, or another user's. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
