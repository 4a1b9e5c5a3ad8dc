// One keystroke goes from the page to the program and its echo comes back, and the daemon trusted no Tauri origin.
import { afterEach, describe, expect, test } from 'vitest';
import { temporaryHome } from '../src/home.js';
import { startDaemon } from '../src/daemon.js';
import { surfaces } from '../src/surfaces.js';
import { until } from '../src/until.js';
import { CleanUp } from '../src/clean-up.js';

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());

describe.each(surfaces)('$name', (surface) => {
  test('a line typed into the shell is run, and its answer is on the screen', async () => {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    const daemon = cleanUp.add(await startDaemon(home.path), (it) => it.stop());
    const app = cleanUp.add(await surface.open(daemon, home.path), (it) => it.end());

    await app.page.ready();
    expect(await app.page.transportKind()).toBe(surface.transport);
    await app.page.typeLine('echo $((6*7))');
    await app.page.screenShows(/^42$/m);

    const accepted = await until('the daemon logged the connection', async () =>
      (await daemon.log()).find((line) => line['event'] === 'connection.accepted'),
    );
    if (surface.transport === 'websocket') {
      expect(accepted['origin']).toBe(new URL(daemon.info.webUrl).origin);
    } else {
      expect(accepted['origin'] ?? null).toBeNull();
    }
  });

  test('wide characters, accents and emoji are typed once', async () => {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    const daemon = cleanUp.add(await startDaemon(home.path), (it) => it.stop());
    const app = cleanUp.add(await surface.open(daemon, home.path), (it) => it.end());
    await app.page.ready();
    await app.page.typeLine('cat');
    await app.page.screenShows(/cat$/m);
    await app.page.typeLine('a b 漢字 é 👍 z');
    // Once as the echo of the keys, once as the answer of `cat`.
    await app.page.screenShows(/^a b 漢字 é 👍 z\na b 漢字 é 👍 z$/m);
  });
});
