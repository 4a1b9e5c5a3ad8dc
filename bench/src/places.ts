/** Where the built parts of the benchmark are; `bench/run.mjs` builds them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '@holdfast/e2e/places';

const target = process.env['CARGO_TARGET_DIR'] ?? join(root, 'target');

export const benchApp = (): string => built('holdfast-bench-app');
export const generatorProgram = (): string => built('holdfast-bench-generator');
export const nodeClient = join(root, 'bench/dist/node-client.js');
export const docs = join(root, 'docs');

function built(name: string): string {
  const path = join(target, 'release', name);
  if (!existsSync(path)) throw new Error(`${path} is not built. Run \`npm run bench\`, which builds it.`);
  return path;
}
