/** A state directory of our own for each run: nothing personal is read or written, and nothing is left. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Home = { readonly path: string; remove: () => Promise<void> };

export async function temporaryHome(): Promise<Home> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}
