// The benchmark runs: one tiny case over every way, and its figures have the documented form.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import * as z from 'zod';
import { CleanUp } from '../src/clean-up.js';
import { temporaryHome } from '../src/home.js';
import { root } from '../src/places.js';

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());

const outcome = z.strictObject({
  machine: z.looseObject({ processor: z.string(), processors: z.int().positive() }),
  versions: z.record(z.string(), z.string()),
  seed: z.int(),
  cases: z.array(
    z.strictObject({
      name: z.string(),
      way: z.enum([
        'page-websocket',
        'official-plugin',
        'plugin-event',
        'plugin-batch',
        'node-ws',
        'rust-ceiling',
        'app',
      ]),
      bytes: z.int().nonnegative(),
      kind: z.enum(['text', 'text-escaped', 'binary']),
      unit: z.string(),
      median: z.number(),
      min: z.number(),
      max: z.number(),
      runs: z.int().positive(),
    }),
  ),
});

test('a smoke run of the benchmark measures every way and writes the documented form', async () => {
  const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
  const file = join(home.path, 'figures.json');
  await promisify(execFile)(process.execPath, [
    join(root, 'bench/dist/main.js'),
    '--smoke',
    '--seed',
    '7',
    '--json',
    file,
  ]);
  const { cases, seed } = outcome.parse(JSON.parse(await readFile(file, 'utf8')));
  expect(seed).toBe(7);
  const ways = (name: string): string[] =>
    cases
      .filter((it) => it.name === name && it.median > 0)
      .map((it) => it.way)
      .sort();
  const every = [
    'node-ws',
    'official-plugin',
    'page-websocket',
    'plugin-batch',
    'plugin-event',
    'rust-ceiling',
  ];
  for (const name of ['to-page', 'to-rust', 'round-trip', 'round-trip-flood'])
    expect(ways(name), name).toEqual(every);
});
