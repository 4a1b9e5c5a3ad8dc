/**
 * How many files, sockets among them, the system lets this process have open. A socket above it is closed before anybody
 * here hears of it, so nothing can be said to its client: what can be said is said at the start, in the log.
 */
import { readFile } from 'node:fs/promises';
import { MAX_TERMINALS } from '@holdfast/protocol';
import { OWN_OPEN_FILES } from './limits.js';
import type { Log } from './log.js';

/**
 * The limit, of which Node has taken all that a user may (RLIMIT_NOFILE). Undefined where there is none, and where it is not
 * found out: macOS and Windows have none that matters here unless somebody set one.
 */
async function openFilesLimit(): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    // Its soft limit (proc_pid_limits(5)); or the word `unlimited`.
    const limit = /^Max open files +(\d+) /m.exec(await readFile('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    // No /proc here: the daemon works without knowing.
    return undefined;
  }
}

/** Warns where so many connections, with the terminals, are more than the system gives. */
export async function warnOfFewOpenFiles(maxConnections: number, log: Log): Promise<void> {
  const limit = await openFilesLimit();
  const needed = maxConnections + MAX_TERMINALS + OWN_OPEN_FILES;
  if (limit === undefined || limit >= needed) return;
  log.warn({
    event: 'open-files.few',
    limit,
    needed,
    reason:
      `The system lets the daemon open ${String(limit)} files, and ${String(maxConnections)} connections with ` +
      `${String(MAX_TERMINALS)} terminals need ${String(needed)}: it may cut connections before that. ` +
      'Raise the hard limit of open files (ulimit -Hn), or start the daemon with a lower --max-connections.',
  });
}
