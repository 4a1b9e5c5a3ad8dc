// The page can open no socket: its own policy blocks it, and where that is taken away the daemon refuses it.
import { afterEach, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { startDaemon } from '../src/daemon.js';
import { temporaryHome } from '../src/home.js';
import { openDesktop } from '../src/surfaces.js';
import { until } from '../src/until.js';

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());

/** Opens a WebSocket from the page and waits for what ends the question: a violation of its policy, or the socket's end. */
const openASocket = (ends: 'violation' | 'close'): string => `
  const [url] = args;
  return new Promise((resolve) => {
    const result = { violation: null, opened: false, thrown: null };
    document.addEventListener('securitypolicyviolation', (event) => {
      result.violation = event.effectiveDirective;
      if (${JSON.stringify(ends)} === 'violation') resolve(result);
    });
    try {
      const socket = new WebSocket(url);
      socket.onopen = () => { result.opened = true; resolve(result); };
      socket.onclose = () => { if (${JSON.stringify(ends)} === 'close') resolve(result); };
    } catch (error) {
      result.thrown = String(error);
    }
  });`;

describe.each(['plugin', 'option-a'] as const)('the desktop window, %s', (flavour) => {
  test('a WebSocket that the page opens is blocked by its content security policy and never reaches the daemon', async () => {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    const daemon = cleanUp.add(await startDaemon(home.path), (it) => it.stop());
    const app = cleanUp.add(await openDesktop(flavour, home.path), (it) => it.end());
    await app.page.connected();

    const result = await app.window.run<{ violation: string | null; opened: boolean }>(
      openASocket('violation'),
      daemon.info.wsUrl,
    );
    expect(result).toMatchObject({ violation: 'connect-src', opened: false });
    const lines = await daemon.log();
    expect(lines.filter((line) => line['event'] === 'connection.refused')).toEqual([]);
    expect(lines.filter((line) => line['event'] === 'connection.accepted')).toHaveLength(1);
  });
});

test('without that policy the daemon refuses it with 403, says why in its log, and has no Tauri origin in its list', async () => {
  const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
  const daemon = cleanUp.add(await startDaemon(home.path), (it) => it.stop());
  const app = cleanUp.add(await openDesktop('no-csp', home.path), (it) => it.end());
  await app.page.connected();

  const result = await app.window.run<{ violation: string | null; opened: boolean }>(
    openASocket('close'),
    daemon.info.wsUrl,
  );
  expect(result).toMatchObject({ violation: null, opened: false });
  const refusal = await until('the refusal is in the log', async () =>
    (await daemon.log()).find((line) => line['event'] === 'connection.refused'),
  );
  expect(refusal).toMatchObject({ status: 403, code: 'origin_not_allowed', origin: 'tauri://localhost' });
  const started = (await daemon.log()).find((line) => line['event'] === 'daemon.started');
  expect(JSON.stringify(started?.['allowedOrigins'])).not.toContain('tauri');
});
