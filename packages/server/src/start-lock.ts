/**
 * The lock `daemon.lock` of a state directory, held while a daemon starts: from the question whether another one lives
 * until the runtime file says that this one does. It promises that two starts at one moment make one daemon, and that
 * a start that was killed does not block the next one for long.
 */
import { lock } from 'proper-lockfile';
import { HoldfastError, systemCode } from './errors.js';
import { START_LOCK_INTERVAL_MS, START_LOCK_STALE_MS, START_LOCK_WAIT_MS } from './limits.js';
import type { Log } from './log.js';
import { notWritable, startLockPath } from './state-directory.js';

async function acquire(home: string, log: Log): Promise<() => Promise<void>> {
  const path = startLockPath(home);
  try {
    return await lock(home, {
      lockfilePath: path,
      stale: START_LOCK_STALE_MS,
      retries: {
        retries: Math.ceil(START_LOCK_WAIT_MS / START_LOCK_INTERVAL_MS),
        factor: 1,
        minTimeout: START_LOCK_INTERVAL_MS,
        maxTimeout: START_LOCK_INTERVAL_MS,
      },
      // Its own answer would be to throw where nobody can catch it.
      onCompromised: (error) => {
        log.warn({ event: 'start-lock.lost', path, reason: error.message });
      },
    });
  } catch (error) {
    if (systemCode(error) !== 'ELOCKED') throw notWritable(path, error);
    throw new HoldfastError(
      'start_locked',
      `Another daemon has been starting for ${home} for ${String(START_LOCK_WAIT_MS / 1000)} s. ` +
        `Look at: holdfast daemon status. If none starts, remove ${path} and try again.`,
      { cause: error },
    );
  }
}

/** Does the work while no other start on this state directory does its own. */
export async function withStartLock<T>(home: string, log: Log, work: () => Promise<T>): Promise<T> {
  const release = await acquire(home, log);
  try {
    return await work();
  } finally {
    await release().catch((error: unknown) => {
      // Lost or removed by hand: nothing is left to release.
      log.warn({ event: 'start-lock.not-released', path: startLockPath(home), err: error });
    });
  }
}
