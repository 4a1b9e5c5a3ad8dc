// The desktop app finds this user's daemon, starts it where none runs, and says what is wrong where that fails.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { plainShell, readRuntimeFile, startDaemon } from '../src/daemon.js';
import { temporaryHome } from '../src/home.js';
import { desktopApp, holdfastCommand } from '../src/places.js';
import { start } from '../src/process.js';
import { openDesktop } from '../src/surfaces.js';
import { until } from '../src/until.js';

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());

async function stopDaemonOf(home: string): Promise<void> {
  const stop = await start(process.execPath, [holdfastCommand, 'daemon', 'stop', '--json'], {
    env: { ...process.env, HOLDFAST_HOME: home },
  });
  const { code } = await stop.ended;
  if (code !== 0) throw new Error(`the daemon could not be stopped: ${stop.output()}`);
}

describe.each(['plugin', 'option-a'] as const)('the desktop window, %s', (flavour) => {
  test('starts the daemon where none runs, and closing the window leaves it running', async () => {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    cleanUp.add(home, (it) => stopDaemonOf(it.path));
    const app = cleanUp.add(await openDesktop(flavour, home.path), (it) => it.end());
    await app.page.ready();
    const { pid } = await readRuntimeFile(home.path);
    await app.page.driver.close();
    await app.end();
    expect(() => process.kill(pid, 0)).not.toThrow();
  });
});

test('a daemon that cannot start is shown with its exit code and its last words, and another try works', async () => {
  const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
  // A stand-in for a broken installation, on purpose: it fails until it is mended below.
  const command = join(home.path, 'holdfast');
  await writeFile(command, '#!/bin/sh\necho "the disk is on fire" >&2\nexit 7\n');
  await chmod(command, 0o755);
  const app = cleanUp.add(
    await openDesktop('plugin', home.path, { env: { HOLDFAST_COMMAND: command } }),
    (it) => it.end(),
  );
  await until('the failure is shown', async () => /ended with code 7/.test(await app.page.statusText()), {
    lastSeen: () => app.page.statusText(),
  });
  expect(await app.page.statusText()).toContain('the disk is on fire');

  await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${holdfastCommand}" "$@"\n`);
  cleanUp.add(home, (it) => stopDaemonOf(it.path));
  await app.page.driver.run(
    `[...document.querySelectorAll('[data-testid=status-line] button')].find((button) => /Try again/.test(button.textContent)).click()`,
  );
  await app.page.ready();
});

test('a second start ends at once and leaves one window', async () => {
  const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
  const daemon = cleanUp.add(await startDaemon(home.path), (it) => it.stop());
  const app = cleanUp.add(await openDesktop('plugin', home.path), (it) => it.end());
  await app.page.ready();
  const second = cleanUp.add(
    await start(desktopApp('plugin'), [], { env: { ...(await app.window.environment()), ...plainShell } }),
    (it) => it.end(),
  );
  expect((await second.ended).code).toBe(0);
  const accepted = (await daemon.log()).filter((line) => line['event'] === 'connection.accepted');
  expect(accepted).toHaveLength(1);
  await app.page.typeLine('echo still-$((40+2))');
  await app.page.screenShows('still-42');
});
