/** What Linux tells of processes: whose child one is, when it was started, what it has cost. One that ends meanwhile is left out. */
import { readdir, readFile } from 'node:fs/promises';

/** Clock ticks a second in `/proc/PID/stat` (USER_HZ, 100 on every Linux that Node runs on). */
const TICKS = 100;

/** Some fields of `/proc/PID/stat` (proc_pid_stat(5)). */
export type ProcessStat = {
  readonly pid: number;
  /** The first 15 bytes of its name. */
  readonly name: string;
  readonly parent: number;
  /** Processor time so far, user and system, in seconds. */
  readonly processorTime: number;
  /** When it was started, in seconds since the machine was. */
  readonly started: number;
};

/** Undefined for a process that has ended. */
export async function statOf(pid: number): Promise<ProcessStat | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  } catch {
    // It ended while we looked.
    return undefined;
  }
  // The name, in parentheses, may hold anything; field 3 is the first behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid,
    name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
    parent: field(4),
    processorTime: (field(14) + field(15)) / TICKS,
    started: field(22) / TICKS,
  };
}

/** Those of these processes that still run. */
export async function statsOf(pids: readonly number[]): Promise<ProcessStat[]> {
  const stats = await Promise.all(pids.map(statOf));
  return stats.filter((stat) => stat !== undefined);
}

/** The process and everything below it. */
export async function descendants(pid: number): Promise<number[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const table = await statsOf(all.map(Number));
  const found = [pid];
  for (const parent of found) {
    for (const entry of table) if (entry.parent === parent) found.push(entry.pid);
  }
  return found;
}

/** Resident memory of these processes together, in bytes: proportional share, so that shared pages count once. */
export async function memoryOf(pids: readonly number[]): Promise<number> {
  let total = 0;
  for (const pid of pids) {
    try {
      const text = await readFile(`/proc/${String(pid)}/smaps_rollup`, 'utf8');
      total += Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
    } catch {
      // It ended while we looked.
    }
  }
  return total;
}
