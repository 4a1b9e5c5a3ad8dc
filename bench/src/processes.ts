/** What processes cost: processor time and memory, as Linux counts them. */
import { readFile } from 'node:fs/promises';
import { memoryOf } from '@holdfast/e2e/window';

/** Clock ticks a second of `/proc/PID/stat` (USER_HZ, 100 on every Linux that Node runs on). */
const TICKS = 100;

/** Processor time of these processes so far, user and system, in seconds. */
export async function processorTime(pids: readonly number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      // After the name, which may hold anything: fields 14 and 15 of proc(5).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It ended while we looked.
    }
  }
  return ticks / TICKS;
}

/** Watches the memory of processes until it is stopped, then gives the highest sum seen, in bytes. */
export function watchMemory(pids: readonly number[], everyMs: number): () => Promise<number> {
  const stop = new AbortController();
  const watch = async (): Promise<number> => {
    let peak = 0;
    while (!stop.signal.aborted) {
      peak = Math.max(peak, await memoryOf(pids));
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    return peak;
  };
  const peak = watch();
  return () => {
    stop.abort();
    return peak;
  };
}
