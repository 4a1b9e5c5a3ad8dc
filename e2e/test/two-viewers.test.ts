// Two windows on one terminal both see everything, and the terminal has the size of the one that was used last.
import { DaemonClientV2 } from '@holdfast/client';
import { createNodeTransportFactory } from '@holdfast/client/node';
import { afterEach, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { startDaemon } from '../src/daemon.js';
import { temporaryHome } from '../src/home.js';
import { chromiumSurface, desktopSurfaces } from '../src/surfaces.js';
import { until } from '../src/until.js';

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());

describe.each([...desktopSurfaces, chromiumSurface])('$name beside Chromium', (surface) => {
  test('both see what is typed in either; the size follows the one last used and does not oscillate', async () => {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    const daemon = cleanUp.add(await startDaemon(home.path), (it) => it.stop());
    const first = cleanUp.add(await surface.open(daemon, home.path), (it) => it.end());
    await first.page.ready();
    const [terminalId = ''] = await first.page.terminalIds();

    // A third viewer, without a size of its own, writes down every change of size.
    const observer = cleanUp.add(
      new DaemonClientV2({
        url: daemon.info.wsUrl,
        transportFactory: createNodeTransportFactory(),
        clientName: 'observer',
      }),
      async (it) => it.close(),
    );
    await observer.connect();
    const sizes: string[] = [];
    observer.attach(terminalId, {
      onSnapshot: ({ cols, rows }) => sizes.push(`${String(cols)}x${String(rows)}`),
      onOutput: () => undefined,
      onResized: ({ cols, rows }) => sizes.push(`${String(cols)}x${String(rows)}`),
      autoAck: true,
    });

    await until('the observer sees the screen', () => sizes.length > 0);

    const second = cleanUp.add(await chromiumSurface.open(daemon, home.path), (it) => it.end());
    await second.page.connected();
    await until(
      'the second window lists the terminal',
      async () => (await second.page.terminalIds()).join() === terminalId,
      { lastSeen: () => second.page.terminalIds() },
    );
    // Opening a window is using it. It has set the terminal's size before it is made smaller, and again before the
    // first window is used: each is one change, and none arrives after the next was begun.
    const asOpened = await second.page.ownSize();
    await second.page.driver.resize(700, 420);
    const ofSecond = await until('the second window is smaller', async () => {
      const size = await second.page.ownSize();
      return size !== asOpened && size;
    });
    const observed = (what: string, size: string): Promise<unknown> =>
      until(`the observer sees the size of ${what}`, () => sizes.at(-1) === size, {
        lastSeen: async () =>
          JSON.stringify({
            size,
            sizes,
            first: await first.page.screen(),
            second: await second.page.screen(),
          }),
      });
    await observed('the second window', ofSecond);

    await first.page.typeLine('echo from-first-$((40+2))');
    await first.page.screenShows('from-first-42');
    await second.page.screenShows('from-first-42');
    const ofFirst = await first.page.ownSize();
    await observed('the first window', ofFirst);
    expect(ofFirst).not.toBe(ofSecond);

    await second.page.typeLine('echo from-second-$((40+2))');
    await second.page.screenShows('from-second-42');
    await first.page.screenShows('from-second-42');

    // One window stays in use: once it has its size, no size changes any more, whatever is typed and shown.
    const round = async (number: number): Promise<void> => {
      await second.page.typeLine(`echo round-$((${String(number)}+100))`);
      await first.page.screenShows(`round-${String(number + 100)}`);
      await second.page.screenShows(`round-${String(number + 100)}`);
    };
    for (let number = 0; number < 3; number += 1) await round(number);
    const changes = sizes.length;
    for (let number = 3; number < 8; number += 1) await round(number);
    expect(sizes.length).toBe(changes);

    expect(sizes.at(-1)).toBe(ofSecond);

    // Typing in the first window takes its size back, once, and the program agrees.
    await first.page.typeLine('echo back-$((40+2))');
    await observed('the first window', ofFirst);
    await first.page.typeLine('echo cols-$(tput cols)');
    const cols = `cols-${ofFirst.split('x')[0] ?? ''}`;
    await first.page.screenShows(cols);
    await second.page.screenShows(cols);
    expect(sizes.length).toBe(changes + 1);
  });
});
