/**
 * The file `daemon.json` that tells where a daemon listens. It promises to be there only while the daemon listens, to
 * be whole, to be read by nobody but its user, since it holds the token, and to be removed only by the daemon that wrote
 * it. Whether it is stale is found by asking the daemon.
 */
import { rm } from 'node:fs/promises';
import { health, type Health, type RuntimeFile, runtimeFile } from '@holdfast/protocol';
import { HoldfastError, reasonOf } from './errors.js';
import { HEALTH_TIMEOUT_MS, MAX_RUNTIME_FILE_BYTES } from './limits.js';
import { NotPrivate, readPrivateFile } from './private-files.js';
import { runtimeFilePath, writePrivateFile } from './state-directory.js';

/**
 * Reads the file; undefined if there is none.
 *
 * @throws HoldfastError `runtime_file_not_private`, `runtime_file_unreadable`, `runtime_file_invalid`.
 */
export function readRuntimeFile(home: string): RuntimeFile | undefined {
  const path = runtimeFilePath(home);
  let text: string | undefined;
  try {
    text = readPrivateFile(path, MAX_RUNTIME_FILE_BYTES);
  } catch (error) {
    if (error instanceof NotPrivate) {
      throw new HoldfastError(
        'runtime_file_not_private',
        `The runtime file ${path} ${error.message}, and it holds the daemon's token. ` +
          'Remove it, and restart the daemon if one still runs: it then has a new token.',
        { cause: error },
      );
    }
    throw new HoldfastError(
      'runtime_file_unreadable',
      `The runtime file ${path} cannot be read: ${reasonOf(error)}. Make it readable, or remove it and start the daemon again.`,
      { cause: error },
    );
  }
  if (text === undefined) return undefined;
  try {
    return runtimeFile.parse(JSON.parse(text));
  } catch {
    // Without the cause: it may quote what the file holds.
    throw new HoldfastError(
      'runtime_file_invalid',
      `The runtime file ${path} is damaged. Remove it, end the daemon if one still runs, and start it again.`,
    );
  }
}

export async function writeRuntimeFile(home: string, content: RuntimeFile): Promise<void> {
  await writePrivateFile(runtimeFilePath(home), `${JSON.stringify(content, undefined, 2)}\n`);
}

/** Removes the file if it is still that of this instance. */
export async function removeRuntimeFile(home: string, instanceId: string): Promise<void> {
  try {
    const found = readRuntimeFile(home);
    if (found?.instanceId !== instanceId) return;
  } catch {
    // Unreadable or damaged: it is not what we wrote, so it is not ours to remove.
    return;
  }
  await rm(runtimeFilePath(home), { force: true });
}

/** Asks an address whether a Holdfast daemon is there. Anything that is not one is undefined. */
export async function askHealth(webUrl: string): Promise<Health | undefined> {
  try {
    const response = await fetch(new URL('/api/health', webUrl), {
      redirect: 'error',
      signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
    });
    if (!response.ok) {
      await response.body?.cancel();
      return undefined;
    }
    const parsed = health.safeParse(await response.json());
    return parsed.success ? parsed.data : undefined;
  } catch {
    // Nobody listens, or something else does: no daemon of ours.
    return undefined;
  }
}

/** Whether the daemon that wrote this file is alive. */
export async function isAlive(file: RuntimeFile): Promise<boolean> {
  return (await askHealth(file.webUrl))?.instanceId === file.instanceId;
}
