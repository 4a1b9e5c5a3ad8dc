/**
 * Files and directories that are this user's alone. What is opened here is checked by its descriptor, after it was opened
 * without following a symbolic link, so that nobody can put something else in its place in between.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { systemCode } from './errors.js';

// Windows has none of these: they are undefined there, which counts as 0. Its access lists keep a user's directories private.
const { O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants;

/** Something is not private, and a sentence's end that says how. */
export class NotPrivate extends Error {
  override readonly name = 'NotPrivate';
}

const isForeign = (uid: number): boolean => {
  // Who may read is asked of the effective user, in whose name files are opened.
  const own = process.geteuid?.();
  return own !== undefined && own !== uid;
};

const openToOthers = (mode: number): boolean => process.platform !== 'win32' && (mode & 0o077) !== 0;

/**
 * Reads a whole file that only this user can read; undefined if there is none.
 *
 * @throws NotPrivate if it is a symbolic link, another user's, or open to others.
 */
export function readPrivateFile(path: string, maxBytes: number): string | undefined {
  let file: number;
  try {
    // Non-blocking: a FIFO would keep us waiting for a writer.
    file = openSync(path, constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = systemCode(error);
    // ENOTDIR: the directory is not one, so the file is not there either.
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    // EMLINK is what FreeBSD says of a symbolic link.
    if (code === 'ELOOP' || code === 'EMLINK') throw new NotPrivate('is a symbolic link');
    throw error;
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw new Error('it is not a regular file');
    if (isForeign(found.uid)) throw new NotPrivate('belongs to another user');
    if (openToOthers(found.mode)) {
      throw new NotPrivate(`is open to other users (mode ${(found.mode & 0o777).toString(8)})`);
    }
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (;;) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      length += read;
      if (length > maxBytes) throw new Error(`it has more than ${String(maxBytes)} bytes`);
      if (read === 0) return buffer.toString('utf8', 0, length);
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Makes a directory (0700) in one that is there, or takes the one that has the name and closes it to others.
 *
 * @throws NotPrivate if it is a symbolic link, no directory, or another user's.
 */
export async function preparePrivateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  if (process.platform === 'win32') return;
  let directory;
  try {
    directory = await open(path, constants.O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ELOOP' || code === 'EMLINK' || code === 'ENOTDIR') {
      throw new NotPrivate('is a symbolic link, or not a directory');
    }
    throw error;
  }
  try {
    const found = await directory.stat();
    if (isForeign(found.uid)) throw new NotPrivate('belongs to another user');
    if (openToOthers(found.mode)) await directory.chmod(0o700);
  } finally {
    await directory.close();
  }
}
