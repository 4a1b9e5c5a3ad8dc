/** Where things are in this workspace. */
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** The root of the workspace. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** A path below the root. */
export const at = (/** @type {string[]} */ ...parts) => join(root, ...parts);

/** The `holdfast` command; it works once TypeScript is built. */
export const holdfastCommand = at('packages', 'server', 'bin', 'holdfast.js');

/** What kinds of desktop app are built, and the cargo features of each. `no-csp` exists for one test only. */
export const flavours = {
  plugin: [],
  'option-a': ['--no-default-features', '--features', 'option-a'],
  'no-csp': ['--features', 'test-no-csp'],
};

const executable = (/** @type {string} */ name) => (process.platform === 'win32' ? `${name}.exe` : name);

/** Cargo's target directory. */
export const targetDirectory = process.env['CARGO_TARGET_DIR'] ?? at('target');

/** The desktop app of a flavour, once it is built. */
export const desktopApp = (/** @type {keyof typeof flavours} */ flavour) =>
  join(targetDirectory, 'flavours', flavour, executable('holdfast-desktop'));
