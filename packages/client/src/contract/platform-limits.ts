/**
 * What a platform cannot give, transport by transport. Each entry is asserted by the suite as it stands here, so that
 * nothing is skipped in silence and an entry that is no longer true fails.
 */

/** The platforms that the suite knows. */
export type Platform = 'browser' | 'node' | 'tauri-websocket' | 'tauri-plugin';

/** Name of a limit, what is promised, and for which platforms it does not hold, with the reason. */
export const PLATFORM_LIMITS = {
  no_cause: {
    promise: 'The error names the cause of a failed connection (promise 4).',
    platforms: {
      browser:
        'The WebSocket standard tells a page no cause, so that it cannot scan a network: `transport_failed` in place of the cause.',
    },
  },
  no_refusal_body: {
    promise: 'The error of a refused upgrade holds the start of the body and its sentence (promise 4).',
    platforms: {
      browser: 'See no_cause: not even the status is told.',
      'tauri-websocket': 'The plugin tells the status and drops the body: the message is `403 Forbidden`.',
    },
  },
  no_headers: {
    promise: 'Headers given to the factory are sent with the upgrade request.',
    platforms: { browser: 'The WebSocket constructor takes no headers.' },
  },
  origin_sent: {
    promise: 'No Origin header is sent.',
    platforms: { browser: 'The browser adds the origin of the page; the daemon must allow it.' },
  },
  no_liveness: {
    promise: 'A peer that no longer answers is found within the liveness deadline (promise 3).',
    platforms: {
      browser: 'A page can send no WebSocket ping; the ping of the daemon protocol finds it instead.',
    },
  },
  dial_not_cancelled: {
    promise: 'close() before open cancels the attempt at the peer, too (promise 6).',
    platforms: {
      'tauri-websocket':
        'The plugin cannot cancel a dial: the peer sees an upgrade, then a close frame at once.',
    },
  },
  slow_sends: {
    promise: '100,000 messages sent in a burst arrive in order (promise 7).',
    platforms: {
      'tauri-websocket':
        'Each send is one command and must be awaited to keep the order, about 1,000 a second: asserted with 2,000.',
    },
  },
} as const satisfies Record<
  string,
  { readonly promise: string; readonly platforms: Partial<Record<Platform, string>> }
>;

export type PlatformLimit = keyof typeof PLATFORM_LIMITS;

/** The reason why this platform does not keep this promise, or undefined where it does. */
export function limitOf(platform: Platform, limit: PlatformLimit): string | undefined {
  const platforms: Partial<Record<Platform, string>> = PLATFORM_LIMITS[limit].platforms;
  return platforms[platform];
}
