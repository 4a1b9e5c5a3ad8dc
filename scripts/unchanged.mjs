/**
 * Keeps what a bundler would only write again: Cargo goes by the time of a file, and compiles an app anew for a page
 * that has not changed.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Runs `make`, which writes the whole of `directory`. Where that comes out as it was, the directory is left as it was,
 * times included.
 *
 * @param {string} directory
 * @param {() => Promise<unknown>} make
 */
export async function keepIfUnchanged(directory, make) {
  const before = `${directory}.before`;
  rmSync(before, { recursive: true, force: true });
  if (!existsSync(directory)) {
    await make();
    return;
  }
  renameSync(directory, before);
  await make();
  if (same(before, directory)) {
    rmSync(directory, { recursive: true });
    renameSync(before, directory);
  } else {
    rmSync(before, { recursive: true });
  }
}

/** @returns {boolean} */
function same(/** @type {string} */ one, /** @type {string} */ other) {
  const isDirectory = statSync(one).isDirectory();
  if (isDirectory !== statSync(other).isDirectory()) return false;
  if (!isDirectory) return readFileSync(one).equals(readFileSync(other));
  const names = readdirSync(one).sort();
  return (
    names.join('\0') === readdirSync(other).sort().join('\0') &&
    names.every((name) => same(join(one, name), join(other, name)))
  );
}
