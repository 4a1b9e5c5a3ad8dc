/** The log: bounded in size, and a disk that is full or a file that cannot be written ends nothing. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLogFile } from '../src/log.js';
import { temporaryDirectory, runningDaemon } from './daemon-fixture.js';
import { RawClient } from './raw-client.js';

test('a log file is rotated before it grows over its size, and two older ones are kept', async () => {
  const path = join(await temporaryDirectory(), 'daemon.log');
  const lost: string[] = [];
  const file = openLogFile(path, (line) => lost.push(line), 1000);
  for (let index = 0; index < 100; index += 1)
    file.write(`${JSON.stringify({ index, text: 'x'.repeat(50) })}\n`);
  file.close();
  for (const name of [path, `${path}.1`, `${path}.2`])
    expect((await stat(name)).size).toBeLessThanOrEqual(1000);
  expect(existsSync(`${path}.3`)).toBe(false);
  expect(await readFile(path, 'utf8')).toContain('"index":99');
  expect(lost).toEqual([]);
});

test.runIf(existsSync('/dev/full'))(
  'on a full disk the lines go to the fallback, with the reason',
  async () => {
    const path = join(await temporaryDirectory(), 'daemon.log');
    await symlink('/dev/full', path);
    const lost: string[] = [];
    const file = openLogFile(path, (line) => lost.push(line));
    file.write('{"a":1}\n');
    file.write('{"a":2}\n');
    expect(lost).toEqual([expect.stringContaining('ENOSPC'), '{"a":1}\n', '{"a":2}\n']);
  },
);

test('a daemon whose log cannot be written serves all the same', async () => {
  const home = await temporaryDirectory();
  await mkdir(join(home, 'daemon.log'));
  const daemon = await runningDaemon({ home });
  const client = await RawClient.connect(daemon.wsUrl);
  await client.create();
});
