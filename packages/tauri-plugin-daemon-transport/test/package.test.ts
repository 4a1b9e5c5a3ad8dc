// What is published is what somebody who installs it needs, and nothing else.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

type Packed = { files: { path: string }[] };

test('the guest library holds its compiled modules, their sources for debuggers, and the README', () => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32',
  });
  // One entry; newer versions of npm name it by its package.
  const [packed] = Object.values(JSON.parse(output) as Record<string, Packed>);
  const modules = readdirSync(join(root, 'guest-js')).map((name) => name.replace(/\.ts$/, ''));
  const expected = [
    'LICENSE-APACHE',
    'LICENSE-MIT',
    'README.md',
    'package.json',
    ...modules.map((name) => `guest-js/${name}.ts`),
    ...modules.flatMap((name) =>
      ['.d.ts', '.d.ts.map', '.js', '.js.map'].map((extension) => `dist/${name}${extension}`),
    ),
  ];
  expect(packed?.files.map((file) => file.path).sort()).toEqual(expected.sort());
});
