// Endpoints that the person allows: what Rust answers reaches the page checked and typed.
import { describe, expect, test } from 'vitest';

import { createEndpoints, EndpointError } from '../guest-js/endpoints.js';
import type { EndpointIpc } from '../guest-js/ipc.js';

import { ScriptedApp } from './scripted-app.js';

const URL = 'ws://127.0.0.1:6767/ws';

function endpoints(answers: Partial<EndpointIpc>) {
  const unexpected = () => Promise.reject(new Error('this command was not expected'));
  return createEndpoints({
    receiver: new ScriptedApp().ipc.receiver,
    requestEndpoint: unexpected,
    listEndpoints: unexpected,
    revokeEndpoint: unexpected,
    ...answers,
  });
}

describe('requestEndpoint', () => {
  test('tells Rust which page asks, and gives the decision', async () => {
    const app = new ScriptedApp();
    const asked: unknown[] = [];
    const { request } = endpoints({
      receiver: app.ipc.receiver,
      requestEndpoint: (wish) => {
        asked.push(wish);
        return Promise.resolve({ decision: 'once' });
      },
    });
    expect(await request(URL)).toBe('once');
    expect(asked).toEqual([{ url: URL, page: app.receiver.pageId }]);
  });

  test('a refusal keeps its code, its message and its time to wait', async () => {
    const { request } = endpoints({
      requestEndpoint: () =>
        // Tauri rejects with what Rust gives, which is no Error.
        Promise.reject(
          Object.assign(new Error(), { code: 'ask_too_often', message: 'wait', retryAfterMs: 5000 }),
        ),
    });
    const error: unknown = await request(URL).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EndpointError);
    expect(error).toMatchObject({ code: 'ask_too_often', message: 'wait', retryAfterMs: 5000 });
  });

  test('an answer of another form is no permission', async () => {
    for (const answer of [undefined, 'always', {}, { decision: 'yes' }, { decision: true }]) {
      const { request } = endpoints({ requestEndpoint: () => Promise.resolve(answer) });
      await expect(request(URL)).rejects.toMatchObject({ code: 'transport_failed' });
    }
  });

  test('without the plugin it says so', async () => {
    const { request } = endpoints({ receiver: () => undefined });
    await expect(request(URL)).rejects.toMatchObject({ code: 'transport_failed' });
  });
});

test('listEndpoints gives what has the right form, and what was damaged', async () => {
  const listed = { url: URL, webview: 'main', grantedAt: 1 };
  const { list } = endpoints({
    listEndpoints: () =>
      Promise.resolve({
        endpoints: [listed, { url: 1 }, null],
        damaged: { code: 'endpoint_list_damaged', message: 'kept aside' },
      }),
  });
  expect(await list()).toEqual({
    endpoints: [listed],
    damaged: { code: 'endpoint_list_damaged', message: 'kept aside' },
  });
});

test('revokeEndpoint says whether there was something to revoke', async () => {
  for (const revoked of [true, false]) {
    const { revoke } = endpoints({ revokeEndpoint: () => Promise.resolve(revoked) });
    expect(await revoke(URL)).toBe(revoked);
  }
});
