/** The receiver that the plugin's init script puts into the page before any other code. */
import { isRecord } from './happening.js';
import type { PackedFrame, ReferringFrame } from './happening.js';

/** What the receiver calls for one connection. */
export type ReceiverHandler = {
  /** Hand-over number `serial`: frames with consecutive numbers, the first of which is given. */
  deliver: (serial: number, firstSeq: number, frames: readonly PackedFrame[]) => void;
  /**
   * The same, possibly as JSON, in which the number of a member of `long` stands for a string. Gives the number of the
   * last happening that was taken, or a request that says so and more: Rust hears it.
   */
  take: (
    serial: number,
    firstSeq: number,
    frames: string | readonly ReferringFrame[],
    long?: Readonly<Record<string, string>>,
  ) => number | string;
  /** Rust answers the request that `take` gave. */
  answer: (answer: unknown) => void;
  /** Rust waits for a request, and answers the one before: see {@link Line}. */
  next: (answer: unknown) => Promise<string | undefined>;
  /** A hand-over of nothing: Rust asks what has been taken. */
  probe: (serial: number) => void;
};

export type Receiver = {
  readonly version: 2;
  /** Tells this page from earlier and later ones of the same webview. */
  readonly pageId: string;
  register: (connectionId: string, handler: ReceiverHandler) => void;
  unregister: (connectionId: string) => void;
};

/** The receiver of this page, if the app has the plugin and this is the main frame. */
export function findReceiver(): Receiver | undefined {
  const found: unknown = Reflect.get(globalThis, '__DAEMON_TRANSPORT__');
  if (!isRecord(found) || found['version'] !== 2 || typeof found['pageId'] !== 'string') return undefined;
  // The init script of the same plugin version made it; version 2 has exactly these members.
  return found as unknown as Receiver;
}
