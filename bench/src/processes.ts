/** What processes cost: processor time and memory, as Linux counts them. */
import { memoryOf, statsOf } from '@holdfast/e2e/process-table';

/** Processor time of these processes so far, user and system, in seconds. */
export async function processorTime(pids: readonly number[]): Promise<number> {
  return (await statsOf(pids)).reduce((sum, stat) => sum + stat.processorTime, 0);
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
