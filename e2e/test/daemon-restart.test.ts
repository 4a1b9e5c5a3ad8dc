// The daemon dies and comes back: the person reads why, sees when the next try is, and finds the truth afterwards.
import { afterEach, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { startDaemon } from '../src/daemon.js';
import { temporaryHome } from '../src/home.js';
import { surfaces } from '../src/surfaces.js';
import { until } from '../src/until.js';

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());

describe.each(surfaces)('$name', (surface) => {
  test('names the refused connection, counts down, comes back by itself, and shows nothing twice', async () => {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    const first = cleanUp.add(await startDaemon(home.path), (it) => it.stop());
    const app = cleanUp.add(await surface.open(first, home.path), (it) => it.end());
    const { page } = app;
    await page.ready();
    await page.typeLine('echo before-$((40+2))');
    await page.screenShows('before-42');
    const before = await page.screenText();

    await first.kill();
    await until(
      'the status line shows a lost connection',
      async () => /retrying|not-running/.test(await page.statusState()),
      {
        lastSeen: () => page.statusText(),
      },
    );
    // A browser tells a page no cause (RFC 6455 section 10.2 and the WebSocket API): there the sentence claims none.
    const sentence =
      surface.transport === 'websocket' ? /Trying again in \d+ s/ : /refused[^]*Trying again in \d+ s/i;
    await until(
      'the lost connection is named, with the countdown and what can be done',
      async () => {
        const text = await page.statusText();
        return sentence.test(text) && /(Reconnect now|Start it)[^]*Stop trying/.test(text);
      },
      { lastSeen: () => page.statusText() },
    );
    // What was on the screen can still be read.
    expect(await page.screenText()).toContain('before-42');

    const second = cleanUp.add(await startDaemon(home.path, { port: first.info.port }), (it) => it.stop());
    await page.connected();
    // The terminals of the daemon that was killed are gone: the list says so, and the screen is kept as it was.
    await until('the list is true', async () => (await page.terminalIds()).length === 0, {
      lastSeen: async () => JSON.stringify(await page.terminalIds()),
    });
    const after = await page.screenText();
    expect(after.split('before-42').length).toBe(before.split('before-42').length);
    // One client, one socket: the second daemon was asked once, however many tries the first one's absence took.
    const accepted = (await second.log()).filter((line) => line['event'] === 'connection.accepted');
    expect(accepted).toHaveLength(1);
  });
});
