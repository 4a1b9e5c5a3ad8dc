/** What is said during a whole downtime, with the real client over a transport whose faults are made by hand. */
import { DaemonClientV2 } from '@holdfast/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  connectionView,
  type ConnectionNames,
  type ConnectionView,
} from '../src/connection/connection-view.js';
import { statusOf } from '../src/connection/status-sentences.js';
import { terminalsGoOnOf } from '../src/connection/terminals-go-on.js';
import { untilNextChange } from '../src/connection/useNow.js';
import { Wire, type End } from './wire.js';

const GO_ON = 'Your terminals go on running.';
const names: ConnectionNames = {
  daemon: 'studio',
  address: '127.0.0.1:6767',
  pageOrigin: 'https://example.test',
  canStart: false,
  protocol: 1,
  appVersion: '0.1.0',
};

class Scene {
  readonly wires: Wire[] = [];
  readonly client = new DaemonClientV2({
    url: 'ws://127.0.0.1:6767/ws',
    transportFactory: () => {
      const wire = new Wire();
      this.wires.push(wire);
      return wire;
    },
  });
  readonly #goOn = terminalsGoOnOf(this.client);
  /** Every sentence since the scene began, at each change of the client. */
  readonly said: string[] = [];

  constructor() {
    this.#goOn.subscribe(() => {
      this.said.push(this.sentence);
    });
    this.client.ensureConnected();
  }

  get view(): ConnectionView {
    return connectionView(null, this.client.getSnapshot(), 0, 0, this.#goOn.getSnapshot());
  }
  get sentence(): string {
    return statusOf(this.view, names, Date.now()).sentence;
  }
  get wire(): Wire {
    const wire = this.wires.at(-1);
    if (wire === undefined) throw new Error('nothing was dialled');
    return wire;
  }

  /** Ends what there is, and says the sentence of the wait that follows. */
  ends(end: End): string {
    this.wire.end(end);
    return this.sentence;
  }
  dialAgain(): void {
    const { state } = this.client.getSnapshot();
    if (state.kind !== 'disconnected' || state.nextRetryAt === undefined) throw new Error('no next try');
    vi.advanceTimersByTime(state.nextRetryAt - Date.now());
  }
}

let scene: Scene;
beforeEach(() => {
  vi.useFakeTimers();
  // The longest waits that there can be.
  vi.spyOn(Math, 'random').mockReturnValue(0.999);
  scene = new Scene();
});
afterEach(() => {
  void scene.client.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('that terminals go on running', () => {
  test.each(['timed_out', 'unreachable', 'name_not_resolved', 'send_queue_full'])(
    'is said after %s, also while the next try is under way',
    (error) => {
      scene.wire.welcome();
      expect(scene.ends({ error })).toContain(GO_ON);
      scene.dialAgain();
      expect(scene.sentence).toContain(`Trying again now. ${GO_ON}`);
    },
  );

  test('is said while the daemon does not answer, and after the person has pressed Reconnect now', () => {
    scene.wire.welcome();
    vi.advanceTimersByTime(7_000);
    expect(scene.sentence).toBe(`studio has not answered for 7 s. ${GO_ON}`);
    scene.client.reconnect();
    expect(scene.wires).toHaveLength(2);
    expect(scene.sentence).toBe(
      `Connection lost: the daemon did not answer in time. Trying again now. ${GO_ON}`,
    );
  });

  const unsure: readonly End[] = [
    { error: 'connection_refused' },
    { error: 'daemon_not_running' },
    { error: 'transport_failed' },
    { error: 'connection_reset' },
    { error: 'a_code_of_tomorrow' },
    { close: 1000 },
    { close: 1001 },
    { close: 1006 },
    { close: 1011 },
    { close: 1012 },
  ];
  test.each(unsure)('is not said after %o, and no later failure restores it', (end) => {
    scene.wire.welcome();
    scene.said.length = 0;
    expect(scene.ends(end)).toContain('Trying again in');
    for (const later of ['timed_out', 'unreachable', 'timed_out']) {
      scene.dialAgain();
      scene.ends({ error: later });
    }
    expect(scene.said.filter((sentence) => sentence.includes(GO_ON))).toEqual([]);
    expect(scene.said.length).toBeGreaterThanOrEqual(7);
  });

  test('is taken back for the rest of the downtime once a try finds no daemon, until there is a connection', () => {
    scene.wire.welcome();
    expect(scene.ends({ error: 'timed_out' })).toContain(GO_ON);
    scene.dialAgain();
    expect(scene.ends({ error: 'connection_refused' })).not.toContain(GO_ON);
    scene.dialAgain();
    expect(scene.ends({ error: 'timed_out' })).not.toContain(GO_ON);
    scene.dialAgain();
    scene.wire.welcome();
    expect(scene.ends({ error: 'timed_out' })).toContain(GO_ON);
  });

  test('is not said by a window that was never connected', () => {
    expect(scene.ends({ error: 'timed_out' })).not.toContain(GO_ON);
  });
});

test('the countdown is to the real next try, second by second, and the try is not a moment earlier or later', () => {
  for (let failure = 1; failure <= 8; failure += 1) {
    const dialled = scene.wires.length;
    scene.wire.end({ error: 'connection_reset' });
    const { state } = scene.client.getSnapshot();
    if (state.kind !== 'disconnected' || state.nextRetryAt === undefined) throw new Error('no next try');
    const left: number[] = [];
    for (;;) {
      left.push(Number(/Trying again in (\d+) s\./.exec(scene.sentence)?.[1]));
      expect(left.at(-1)).toBe(Math.max(1, Math.ceil((state.nextRetryAt - Date.now()) / 1000)));
      // The line is drawn again when its number changes, as the window does.
      const wait = untilNextChange(scene.view, Date.now());
      if (wait === null || Date.now() + wait >= state.nextRetryAt) break;
      expect(statusOf(scene.view, names, Date.now() + Math.max(0, wait - 2)).sentence).toBe(scene.sentence);
      vi.advanceTimersByTime(wait);
    }
    expect(left).toEqual(left.map((_, index) => left.length - index));
    vi.advanceTimersByTime(Math.ceil(state.nextRetryAt - Date.now()) - 1);
    expect(scene.wires).toHaveLength(dialled);
    vi.advanceTimersByTime(1);
    expect(scene.wires).toHaveLength(dialled + 1);
    expect(scene.sentence).toContain('Trying again now.');
  }
});
