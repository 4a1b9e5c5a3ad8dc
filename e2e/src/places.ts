/** Where the built parts are. The same places as in `scripts/workspace.mjs`, which builds them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const holdfastCommand = join(root, 'packages/server/bin/holdfast.js');

const target = process.env['CARGO_TARGET_DIR'] ?? join(root, 'target');

/** A desktop app that was built: by flavour. */
export type Flavour = 'plugin' | 'option-a' | 'no-csp';

export function desktopApp(flavour: Flavour): string {
  return built(join(target, 'flavours', flavour, 'holdfast-desktop'));
}

export function contractApp(): string {
  return built(join(target, 'release', 'holdfast-contract-app'));
}

export function echoApp(): string {
  return built(join(target, 'release', 'echo-app'));
}

/** The same with Tauri's isolation pattern. */
export function isolationApp(): string {
  return built(join(target, 'release', 'holdfast-isolation-app'));
}

function built(path: string): string {
  if (!existsSync(path))
    throw new Error(`${path} is not built. Run \`npm test\`, which builds everything it needs.`);
  return path;
}

/** Where screenshots and reports of a test run go. */
export const results = join(root, 'test-results');
