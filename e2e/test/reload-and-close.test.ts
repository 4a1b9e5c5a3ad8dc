// Reloading or closing the page ends its connection in the daemon at once; the screen after it equals the screen before.
import { afterEach, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { startDaemon, type TestDaemon } from '../src/daemon.js';
import { temporaryHome } from '../src/home.js';
import type { AppPage } from '../src/page.js';
import { surfaces } from '../src/surfaces.js';
import { until } from '../src/until.js';

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());

/** The promise of the transport contract: a page that goes ends its connections within this time, in ms. */
const PROMISED_END_MS = 1000;

/** What the person sees: text with scrollback, and the drawn rows with their colours and styles. */
async function screenOf(page: AppPage): Promise<{ text: string; rows: string }> {
  const rows = await page.driver.run<string>(`
    // Two frames: what was written has then been drawn.
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const rows = document.querySelector('.xterm-rows').cloneNode(true);
    for (const cell of rows.querySelectorAll('[class*=cursor]')) {
      cell.className = [...cell.classList].filter((name) => !name.includes('cursor')).join(' ');
    }
    return rows.innerHTML;`);
  return { text: await page.screenText(), rows };
}

async function endsWithinASecond(
  daemon: TestDaemon,
  connection: unknown,
  act: () => Promise<void>,
): Promise<void> {
  // The daemon's own clock: its log says when the connection ended, and the page when it was told to go.
  const begun = Date.now();
  await act();
  const closed = await until(
    'the daemon saw the end',
    async () =>
      (await daemon.log()).find(
        (line) => line['event'] === 'connection.closed' && line['connectionId'] === connection,
      ),
    { lastSeen: () => daemon.log() },
  );
  expect(Date.parse(String(closed['time'])) - begun).toBeLessThan(PROMISED_END_MS);
}

async function lastConnection(daemon: TestDaemon): Promise<unknown> {
  return (await daemon.log()).filter((line) => line['event'] === 'connection.accepted').at(-1)?.[
    'connectionId'
  ];
}

const scenes = [
  {
    name: 'vim',
    enter: async (page: AppPage): Promise<void> => {
      await page.typeLine(
        'printf "one\\ntwo wide 漢字\\nthree\\n" > note.txt; vim -u NONE -c "set number nocp" note.txt',
      );
      await page.screenShows(/3 three/);
    },
  },
  {
    name: 'colours and wide characters',
    enter: async (page: AppPage): Promise<void> => {
      await page.typeLine(
        `for i in $(seq 0 255); do printf '\\033[48;5;%sm%4s\\033[0m' $i $i; done; printf '\\033[1;3;4;38;2;255;100;0mtruecolour\\033[0m \\u6f22\\u5b57 \\U1f44d \\u00e9\\n'; echo en''d`,
      );
      await page.screenShows(/^end$/m);
    },
  },
  {
    name: 'a long scrollback',
    enter: async (page: AppPage): Promise<void> => {
      await page.typeLine('seq 1 3000; echo en""d');
      await page.screenShows(/^end$/m);
    },
  },
];

describe.each(surfaces)('$name', (surface) => {
  test.each(scenes)('$name: the screen after a reload equals the screen before', async (scene) => {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    const daemon = cleanUp.add(await startDaemon(home.path), (it) => it.stop());
    const app = cleanUp.add(await surface.open(daemon, home.path), (it) => it.end());
    const { page } = app;
    await page.ready();
    await scene.enter(page);
    const before = await screenOf(page);
    const connection = await lastConnection(daemon);

    await endsWithinASecond(daemon, connection, () => page.driver.reload());

    await page.connected();
    await until(
      'the screen is as it was',
      async () => {
        const after = await screenOf(page);
        return after.text === before.text && after.rows === before.rows;
      },
      {
        lastSeen: async () => {
          const after = await screenOf(page);
          return `before:\n${before.text.slice(-1500)}\n${before.rows.slice(0, 1500)}\nafter:\n${after.text.slice(-1500)}\n${after.rows.slice(0, 1500)}`;
        },
      },
    );
    // Nothing was typed into the shell by the replay: it still answers, once.
    if (scene.name === 'vim') {
      await page.focusTerminal();
      await page.driver.type(':q!');
      await page.driver.press('Enter');
      await page.screenShows(/[$#] ?\s*$/);
    }
    await page.typeLine('echo alive-$((40+2))');
    await page.screenShows('alive-42');
  });

  test('closing ends the connection, leaves the program running, and opening again shows it as it was', async () => {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    const daemon = cleanUp.add(await startDaemon(home.path), (it) => it.stop());
    const first = cleanUp.add(await surface.open(daemon, home.path), (it) => it.end());
    await first.page.ready();
    await first.page.typeLine('echo kept-$((40+2)); cat');
    await first.page.screenShows('kept-42');
    const before = await screenOf(first.page);
    const connection = await lastConnection(daemon);

    await endsWithinASecond(daemon, connection, () => first.page.driver.close());
    await first.end();

    const second = cleanUp.add(await surface.open(daemon, home.path), (it) => it.end());
    await second.page.screenShows('kept-42');
    expect((await screenOf(second.page)).text).toBe(before.text);
    await second.page.typeLine('still here');
    await second.page.screenShows(/still here\s+still here/);
  });
});
