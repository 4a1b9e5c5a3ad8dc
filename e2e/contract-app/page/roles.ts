/**
 * What a page does by itself, because nobody can drive it or because it is gone again at once: its address says so
 * after the `#`. Whoever looks on sees it at the peer.
 */
import type { Traffic } from './traffic.js';

/** Where the number of the page loads is kept; it outlives a reload and no more. */
const LOADS = 'contract-loads';

/**
 * `answer`: answers what the peer sends. `receive`: checks what the peer sends and tells it, on a second connection,
 * how many messages were right. `reload`: opens connections, and reloads as soon as they are open, so many times.
 */
export function playRole(traffic: Traffic): void {
  const role = new URLSearchParams(location.hash.slice(1));
  const url = role.get('url') ?? '';
  const transport = role.get('transport') ?? 'plugin-batch';
  const name = role.get('role');
  if (name === 'answer') traffic.answer(transport, url);
  else if (name === 'receive')
    receive(traffic, transport, url, Number(role.get('size')), role.get('report') ?? '');
  else if (name === 'reload')
    void reload(traffic, transport, url, Number(role.get('times')), Number(role.get('connections')));
}

function receive(traffic: Traffic, transport: string, url: string, size: number, reportUrl: string): void {
  traffic.receive(transport, url, size);
  const reporter = traffic.factoryOf(transport)({ url: reportUrl });
  // The peer asks by a message, and is told what is there by then.
  reporter.onMessage(() => reporter.send(JSON.stringify(traffic.report(url))));
}

async function reload(
  traffic: Traffic,
  transport: string,
  url: string,
  times: number,
  connections: number,
): Promise<void> {
  const loads = Number(sessionStorage.getItem(LOADS) ?? '0') + 1;
  sessionStorage.setItem(LOADS, String(loads));
  if (loads > times) return;
  await Promise.all(
    Array.from(
      { length: connections },
      () =>
        new Promise<void>((resolve) => {
          const connection = traffic.factoryOf(transport)({ url });
          connection.onMessage(() => resolve());
          connection.onOpen(() => connection.send('hello'));
        }),
    ),
  );
  location.reload();
}
