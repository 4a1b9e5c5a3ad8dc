/**
 * The directory of the daemon's own files: where it is, that it is private (0700), and the few files in it that are
 * read whole. It promises errors that name the path and what to do.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, lstat, mkdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { HoldfastError, reasonOf, systemCode } from './errors.js';
import { MAX_STATE_FILE_BYTES } from './limits.js';

/**
 * `HOLDFAST_HOME` if it is set, else the system's place for such files: `$XDG_STATE_HOME/holdfast` or
 * `~/.local/state/holdfast` (XDG Base Directory 0.8), `~/Library/Application Support/Holdfast`, `%LOCALAPPDATA%\Holdfast`.
 */
export function defaultStateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env['HOLDFAST_HOME'];
  if (chosen !== undefined && chosen !== '') return resolve(chosen);
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Holdfast');
  if (process.platform === 'win32') {
    return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'Holdfast');
  }
  const state = env['XDG_STATE_HOME'];
  // The specification has relative paths ignored.
  const base = state !== undefined && isAbsolute(state) ? state : join(homedir(), '.local', 'state');
  return join(base, 'holdfast');
}

export const runtimeFilePath = (home: string): string => join(home, 'daemon.json');
export const logFilePath = (home: string): string => join(home, 'daemon.log');
export const startLockPath = (home: string): string => join(home, 'daemon.lock');
const identityPath = (home: string): string => join(home, 'daemon-id');

/** Makes the directory if it is not there, and private. */
export async function prepareStateDirectory(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    const found = await stat(home);
    if (!found.isDirectory()) throw new Error('it is not a directory');
    const uid = process.geteuid?.();
    // A person may have it elsewhere by a link; a link that somebody else made leads where they want.
    const isForeign = (owner: number): boolean => uid !== undefined && owner !== uid;
    if (isForeign(found.uid) || isForeign((await lstat(home)).uid)) {
      throw new HoldfastError(
        'home_not_private',
        `The state directory ${home}, or the link to it, belongs to another user. Choose another with --home or HOLDFAST_HOME.`,
      );
    }
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) await chmod(home, 0o700);
    await access(home, constants.W_OK);
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw notWritable(home, error);
  }
}

export function notWritable(path: string, error: unknown): HoldfastError {
  return new HoldfastError(
    'home_not_writable',
    `The state directory cannot be used: ${path}: ${reasonOf(error)}. ` +
      'Make it writable, or choose another with --home or HOLDFAST_HOME.',
    { cause: error },
  );
}

/** Reads a small file whole; undefined if there is none. */
export async function readSmallFile(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > MAX_STATE_FILE_BYTES) throw new Error(`it has ${String(size)} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    // ENOTDIR: the directory is not one, so the file is not there either; whoever writes it will say so.
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Writes a file so that others see the old one or the new one, whole, and only this user sees it at all. */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  try {
    await writeFileAtomic(path, content, { mode: 0o600 });
  } catch (error) {
    throw notWritable(path, error);
  }
}

/** The id of this state directory, made at the first start. A damaged one is replaced: it only names, it guards nothing. */
export async function readDaemonId(home: string): Promise<string> {
  const path = identityPath(home);
  let known: string | undefined;
  try {
    known = (await readSmallFile(path))?.trim();
  } catch (error) {
    throw notWritable(path, error);
  }
  if (known !== undefined && /^[A-Za-z0-9_-]{1,64}$/.test(known)) return known;
  const made = randomUUID();
  await writePrivateFile(path, `${made}\n`);
  return made;
}
