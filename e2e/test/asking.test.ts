// A page may have the person asked for an endpoint, and never answers itself: the dialog's real buttons are pressed, by
// mouse and by keyboard, on the display of the real window.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startContractPeer, type ContractPeer } from '@holdfast/client/contract/peer';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { temporaryHome } from '../src/home.js';
import { NativeDialogs } from '../src/native-dialog.js';
import { contractApp } from '../src/places.js';
import { start } from '../src/process.js';
import { until } from '../src/until.js';
import { openWindow, type TestWindow } from '../src/window.js';

const cleanUp = new CleanUp();
let home: string;
let peer: ContractPeer;
beforeEach(async () => {
  home = cleanUp.add(await temporaryHome(), (it) => it.remove()).path;
  peer = cleanUp.add(await startContractPeer(), (it) => it.close());
});
afterEach(() => cleanUp.run());

/** The title of the dialog is the app's name. */
const APP_NAME = 'Holdfast transport contract';

type Outcome = { decision?: string; code?: string; message?: string; retryAfterMs?: number | null };

/** The page that may connect to nothing, and the dialogs over it. */
class AskingPage {
  readonly dialogs: NativeDialogs;

  constructor(readonly window: TestWindow) {
    this.dialogs = new NativeDialogs(window.display, APP_NAME);
  }

  /** Has the person asked; gives the number of the outcome. */
  ask(url: string): Promise<number> {
    return this.window.run('return window.__asking.request(args[0])', url);
  }

  outcomeNow(number: number): Promise<Outcome | null> {
    return this.window.run('return window.__asking.outcomes[args[0]] ?? null', number);
  }

  outcome(number: number): Promise<Outcome> {
    return until('the question has an outcome', () => this.outcomeNow(number));
  }

  list(): Promise<{ endpoints: { url: string; webview: string; grantedAt: number }[]; damaged?: unknown }> {
    return this.window.run('return window.__asking.list()');
  }

  revoke(url: string): Promise<boolean> {
    return this.window.run('return window.__asking.revoke(args[0])', url);
  }

  connect(url: string): Promise<void> {
    return this.window.run('window.__asking.connect(args[0])', url);
  }

  /** What the connections of this page were told, once there is so much of it. */
  told(count: number): Promise<Record<string, unknown>[]> {
    return until('the page was told', async () => {
      const told = await this.window.run<Record<string, unknown>[]>('return window.__asking.told');
      return told.length >= count && told;
    });
  }

  async ready(): Promise<void> {
    await until('the page is there', () =>
      this.window.run<boolean>('return window.__asking !== undefined && window.__asking.told.length === 0'),
    );
  }

  /** Whether this page may connect. */
  async isRefused(url: string): Promise<void> {
    await this.connect(url);
    const [error, close] = await this.told(2);
    expect(error).toMatchObject({ error: { code: 'policy_refused' } });
    expect(close).toMatchObject({ close: { code: 1006 } });
  }
}

async function open(): Promise<AskingPage> {
  const window = cleanUp.add(
    await openWindow({
      binary: contractApp(),
      env: {
        HOME: home,
        XDG_CONFIG_HOME: join(home, 'config'),
        XDG_DATA_HOME: join(home, 'data'),
        HOLDFAST_CONTRACT_LABEL: 'asking',
      },
    }),
    (it) => it.end(),
  );
  const page = new AskingPage(window);
  await page.ready();
  return page;
}

const directory = (): string => join(home, 'config/dev.holdfast.contract/daemon-transport');
const file = (): string => join(directory(), 'daemon-transport-endpoints.json');

test('"Allow once" lasts until the page is reloaded', async () => {
  const page = await open();
  const url = `${peer.serverUrl}/sink/once`;
  const question = await page.ask(url);
  await page.dialogs.click('Allow once');
  expect(await page.outcome(question)).toEqual({ decision: 'once' });
  await page.connect(url);
  expect(await page.told(1)).toEqual(['open']);
  // Nobody is asked for what is allowed already.
  expect(await page.outcome(await page.ask(url))).toEqual({ decision: 'once' });
  expect(await page.list()).toEqual({ endpoints: [] });
  await page.window.reload();
  await page.ready();
  await page.isRefused(url);
});

test('"Always allow" survives a restart of the app, until it is revoked, which ends the connection', async () => {
  const url = `${peer.serverUrl}/sink/always`;
  const before = await open();
  const question = await before.ask(url);
  await before.dialogs.pressLetter('Always allow');
  expect(await before.outcome(question)).toEqual({ decision: 'always' });
  await before.window.end();
  expect((await stat(file())).mode & 0o777).toBe(0o600);
  expect((await stat(directory())).mode & 0o777).toBe(0o700);

  const page = await open();
  await page.connect(url);
  expect(await page.told(1)).toEqual(['open']);
  expect(await page.list()).toEqual({
    endpoints: [{ url, webview: 'asking', grantedAt: expect.any(Number) as number }],
  });
  expect(await page.revoke(url)).toBe(true);
  await peer.ended('always');
  const [, error, close] = await page.told(3);
  expect(error).toMatchObject({ error: { code: 'endpoint_revoked' } });
  expect(close).toMatchObject({ close: { code: 1006 } });
  expect(await page.list()).toEqual({ endpoints: [] });
  expect(await page.revoke(url)).toBe(false);
  await page.window.reload();
  await page.ready();
  await page.isRefused(url);
});

test('"Don\'t allow" refuses, and the next question has to wait', async () => {
  const page = await open();
  const url = `${peer.serverUrl}/sink/refused`;
  const question = await page.ask(url);
  await page.dialogs.click("Don't allow");
  expect(await page.outcome(question)).toMatchObject({ code: 'endpoint_refused' });
  const again = await page.outcome(await page.ask(url));
  expect(again).toMatchObject({ code: 'ask_too_often' });
  expect(again.retryAfterMs).toBeGreaterThan(0);
  expect(await page.dialogs.visible()).toEqual([]);
  await page.isRefused(url);
});

test('Escape, Enter and closing the dialog refuse', async () => {
  for (const way of ['Escape', 'Return', 'alt+F4']) {
    const page = await open();
    if (way === 'alt+F4') {
      const manager = await start('openbox', [], { env: await page.window.environment() });
      cleanUp.add(manager, (it) => it.end());
      await page.dialogs.managed();
    }
    const question = await page.ask(`${peer.serverUrl}/sink/closed`);
    await page.dialogs.press(way);
    expect(await page.outcome(question), way).toMatchObject({ code: 'endpoint_refused' });
    await page.window.end();
  }
});

test('a reload takes the dialog away, and nothing was allowed', async () => {
  const page = await open();
  const url = `${peer.serverUrl}/sink/reloaded`;
  await page.ask(url);
  await page.dialogs.shown();
  await page.window.reload();
  await page.dialogs.gone();
  await page.ready();
  // It counts as refused: reloading is no way to ask again at once.
  expect(await page.outcome(await page.ask(url))).toMatchObject({ code: 'ask_too_often' });
  expect(await page.list()).toEqual({ endpoints: [] });
  await page.isRefused(url);
});

test('the page cannot answer, ask twice at once, or ask for what can never be allowed', async () => {
  const page = await open();
  const url = `${peer.serverUrl}/sink/unanswered`;
  const question = await page.ask(url);
  const dialog = await page.dialogs.shown();
  expect(await page.outcome(await page.ask(`${url}-2`))).toMatchObject({ code: 'ask_in_progress' });
  // Keys that are pressed in the page reach the page.
  await page.window.press('Enter');
  await page.window.press('Alt', 'a');
  const answers = await page.window.run<string[]>(
    `
    const commands = ['daemon_answer_endpoint', 'daemon_grant_endpoint', 'daemon_allow_endpoint'];
    return Promise.all(commands.map((command) =>
      window.__TAURI_INTERNALS__.invoke('plugin:daemon-transport|' + command, { url: args[0], decision: 'always' })
        .then(() => 'answered', () => 'refused')))`,
    url,
  );
  expect(answers).toEqual(['refused', 'refused', 'refused']);
  expect(await page.dialogs.visible()).toEqual([dialog]);
  expect(await page.outcomeNow(question)).toBeNull();
  await page.dialogs.click('Allow once');
  expect(await page.outcome(question)).toEqual({ decision: 'once' });

  for (const [never, code] of [
    ['ws://127.0.0.3:6767/ws', 'policy_refused'],
    ['daemon+local:', 'policy_refused'],
    ['ws://0.0.0.0:6767/ws', 'policy_refused'],
    ['ws://127.1:6767/ws', 'invalid_url'],
  ] as const) {
    expect(await page.outcome(await page.ask(never)), never).toMatchObject({ code });
    expect(await page.dialogs.visible()).toEqual([]);
  }
});

test('a damaged list allows nothing, is told and kept aside', async () => {
  const url = `${peer.serverUrl}/sink/damaged`;
  const before = await open();
  const question = await before.ask(url);
  await before.dialogs.click('Always allow');
  await before.outcome(question);
  await before.window.end();
  const damaged = (await readFile(file(), 'utf8')).replace('"format": 1', '"format": 9');
  await writeFile(file(), damaged);

  const page = await open();
  await page.isRefused(url);
  expect(await page.list()).toMatchObject({ endpoints: [], damaged: { code: 'endpoint_list_damaged' } });
  expect(await readFile(`${file()}.damaged-1`, 'utf8')).toBe(damaged);
  const again = await page.ask(url);
  await page.dialogs.click('Always allow');
  expect(await page.outcome(again)).toEqual({ decision: 'always' });
});
