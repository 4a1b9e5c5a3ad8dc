// The page can open no socket: its own policy blocks it, and where that is taken away the daemon refuses it.
import { afterEach, describe, expect, test } from 'vitest';
import { CleanUp } from '../src/clean-up.js';
import { startDaemon } from '../src/daemon.js';
import { temporaryHome } from '../src/home.js';
import { openDesktop } from '../src/surfaces.js';
import { until } from '../src/until.js';

const cleanUp = new CleanUp();
afterEach(() => cleanUp.run());

/** What became of a WebSocket that the page opens itself. */
const OPEN_A_SOCKET = `
  const [url] = args;
  return new Promise((resolve) => {
    const result = { violation: null, opened: false };
    document.addEventListener('securitypolicyviolation', (event) => { result.violation = event.effectiveDirective; });
    let socket;
    try { socket = new WebSocket(url); } catch (error) { resolve({ ...result, thrown: String(error) }); return; }
    socket.onopen = () => { result.opened = true; resolve(result); };
    socket.onclose = () => resolve(result);
    socket.onerror = () => setTimeout(() => resolve(result));
  });`;

describe.each(['plugin', 'option-a'] as const)('the desktop window, %s', (flavour) => {
  test('a WebSocket that the page opens is blocked by its content security policy and never reaches the daemon', async () => {
    const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
    const daemon = cleanUp.add(await startDaemon(home.path), (it) => it.stop());
    const app = cleanUp.add(await openDesktop(flavour, home.path), (it) => it.end());
    await app.page.connected();

    const result = await app.window.run<{ violation: string | null; opened: boolean }>(
      OPEN_A_SOCKET,
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
    OPEN_A_SOCKET,
    daemon.info.wsUrl,
  );
  expect(result).toMatchObject({ violation: null, opened: false });
  const refusal = await until('the refusal is in the log', async () =>
    (await daemon.log()).find((line) => line['event'] === 'connection.refused'),
  );
  expect(refusal).toMatchObject({ status: 403, code: 'origin_not_allowed', origin: 'tauri://localhost' });
  const started = (await daemon.log()).find((line) => line['event'] === 'daemon.started');
  expect(JSON.stringify(started?.['allowedOrigins'])).not.toContain('tauri');
  expect(started?.['allowedOrigins']).toContain(new URL(daemon.info.webUrl).origin);
});
