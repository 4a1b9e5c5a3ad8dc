// `npm start` does what it says on a machine without a display, and without Rust it still serves the browser.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { readRuntimeFile } from '../src/daemon.js';
import { temporaryHome } from '../src/home.js';
import { holdfastCommand, results, root } from '../src/places.js';
import { start } from '../src/process.js';

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());

const withoutDisplay = (): NodeJS.ProcessEnv => {
  const env = { ...process.env };
  delete env['DISPLAY'];
  delete env['WAYLAND_DISPLAY'];
  return env;
};

/** For what holds a build of the desktop app, in ms: some minutes on a busy machine. */
const BUILD_DEADLINE_MS = 900_000;

test(
  '`npm start -- --check` verifies the window, exits 0, and leaves nothing running and no state behind',
  async () => {
    const before = new Set(readdirSync(tmpdir()));
    const begun = Date.now();
    const run = cleanUp.add(
      await start(process.execPath, [join(root, 'scripts/start.mjs'), '--check'], {
        cwd: root,
        env: withoutDisplay(),
      }),
      (it) => it.end(),
    );
    const { code } = await run.ended;
    expect(code, run.output()).toBe(0);
    expect(run.output()).toContain('answers 42');
    expect(statSync(join(results, 'start.png')).mtimeMs).toBeGreaterThan(begun);
    const left = readdirSync(tmpdir()).filter(
      (name) => name.startsWith('holdfast-check-') && !before.has(name),
    );
    expect(left).toEqual([]);
    // The daemon has a session of its own, so it is asked by its address.
    const webUrl = /Holdfast in the browser: (\S+)/.exec(run.output())?.[1] ?? '';
    await expect(fetch(webUrl)).rejects.toThrow(/fetch failed/);
    // The whole group has ended with its leader: nothing of it can be signalled any more.
    expect(() => process.kill(-run.pid, 0)).toThrow(/ESRCH/);
  },
  BUILD_DEADLINE_MS,
);

test(
  'without Rust, `npm start` names the command that installs it and serves the browser app',
  async () => {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    const run = cleanUp.add(
      await start(process.execPath, [join(root, 'scripts/start.mjs'), '--port', '0'], {
        cwd: root,
        env: {
          ...withoutDisplay(),
          // A PATH with Node and npm and no cargo; a HOME without rustup.
          PATH: `${join(process.execPath, '..')}:/usr/bin:/bin`,
          HOME: home.path,
          CARGO_HOME: join(home.path, 'no-cargo'),
          HOLDFAST_HOME: join(home.path, 'state'),
        },
      }),
      (it) => it.end(),
    );
    const { code } = await run.ended;
    cleanUp.add(home, async (it) => {
      const stop = await start(process.execPath, [holdfastCommand, 'daemon', 'stop'], {
        env: { ...process.env, HOLDFAST_HOME: join(it.path, 'state') },
      });
      await stop.ended;
    });
    expect(code, run.output()).toBe(0);
    expect(run.output()).toMatch(/Rust is not installed[^]*rustup/);
    expect(existsSync(join(home.path, 'state', 'daemon.json'))).toBe(true);
    const { webUrl } = await readRuntimeFile(join(home.path, 'state'));
    expect(run.output()).toContain(webUrl);
    expect(await (await fetch(webUrl)).text()).toContain('<div id="root"');
  },
  BUILD_DEADLINE_MS,
);
