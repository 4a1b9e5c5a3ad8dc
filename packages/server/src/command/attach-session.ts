/**
 * A person's own terminal as the viewer of a terminal of the daemon: keys go in, output comes out, the size follows.
 * It promises to leave the person's terminal as it was, whatever happens.
 */
import type { DaemonClientV2 } from '@holdfast/client';
import type { ExitStatus } from '@holdfast/protocol';
import { MAX_COLS, MAX_INPUT_BYTES, MAX_ROWS, MIN_COLS, MIN_ROWS } from '@holdfast/protocol';
import { reasonOf } from '../errors.js';
import { DETACH_KEY_WAIT_MS, DetachKey } from './detach-key.js';
import { QueryFilter } from './query-filter.js';

export type AttachEnd =
  | { readonly kind: 'detached' }
  | ({ readonly kind: 'exited' } & ExitStatus)
  | { readonly kind: 'closed' }
  | { readonly kind: 'lost'; readonly message: string };

/** Makes the viewer's terminal plain, with nothing of what an earlier screen had set, and clears it. */
const CLEAN =
  '\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1016l\x1b[?1004l\x1b[?2004l\x1b[?2026l' +
  '\x1b[?1l\x1b>\x1b[4l\x1b[?6l\x1b[?7h\x1b[?25h\x1b[r\x1b(B\x0f\x1b[0 q\x1b[0m';
const CLEAR = '\x1b[H\x1b[2J';

/**
 * Node's raw mode leaves the tty's output processing on, which makes CR LF of a line feed. Programs mean a line feed
 * alone (the terminal's own device has done that for them), so it is written as the equal sequence IND.
 */
function withoutLineFeeds(text: string): string {
  return text.replaceAll('\n', '\x1bD');
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

/** Cuts typed text to what one input may hold, between characters. */
function* inputs(text: string): Generator<string> {
  // A code unit is at most three bytes of UTF-8.
  const most = Math.floor(MAX_INPUT_BYTES / 3);
  for (let at = 0; at < text.length;) {
    let to = Math.min(at + most, text.length);
    const last = text.charCodeAt(to - 1);
    if (to < text.length && last >= 0xd800 && last < 0xdc00) to -= 1;
    yield text.slice(at, to);
    at = to;
  }
}

/** Runs until the person detaches or the terminal ends. */
export async function attachTo(client: DaemonClientV2, terminalId: string): Promise<AttachEnd> {
  const { stdin, stdout } = process;
  const filter = new QueryFilter();
  const key = new DetachKey();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let keyTimer: NodeJS.Timeout | undefined;

  return await new Promise<AttachEnd>((resolve) => {
    const end = (how: AttachEnd): void => {
      clearTimeout(keyTimer);
      attachment.detach();
      unsubscribe();
      stdin.off('data', onKeys);
      stdin.off('end', onEnd);
      stdout.off('resize', resize);
      for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.off(signal, onEnd);
      stdin.setRawMode(false);
      stdin.pause();
      stdout.write(`${CLEAN}\r\n`);
      resolve(how);
    };
    const onEnd = (): void => {
      end({ kind: 'detached' });
    };
    const failed = (error: unknown): void => {
      // Without a connection keys are lost, and the person sees that there is none.
      if (client.getSnapshot().state.kind === 'connected') stdout.write(`\r\n[${reasonOf(error)}]\r\n`);
    };
    const send = (bytes: Buffer): void => {
      for (const data of inputs(decoder.decode(bytes, { stream: true }))) {
        client.request('terminal.input', { terminalId, data }).catch(failed);
      }
    };
    const onKeys = (bytes: Buffer): void => {
      clearTimeout(keyTimer);
      const { send: typed, detach } = key.typed(bytes);
      if (typed.length > 0) send(typed);
      if (detach) onEnd();
      else if (key.isHeld) {
        keyTimer = setTimeout(() => {
          send(key.release());
        }, DETACH_KEY_WAIT_MS);
      }
    };
    const resize = (): void => {
      const cols = clamp(stdout.columns, MIN_COLS, MAX_COLS);
      const rows = clamp(stdout.rows, MIN_ROWS, MAX_ROWS);
      client.request('terminal.resize', { terminalId, cols, rows }).catch(failed);
    };

    stdin.setRawMode(true);
    stdin.on('data', onKeys);
    stdin.on('end', onEnd);
    stdin.resume();
    stdout.on('resize', resize);
    // Somebody ends this command: the tty is restored before.
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, onEnd);

    let wasConnected = true;
    const unsubscribe = client.subscribe(() => {
      const { state } = client.getSnapshot();
      if (state.kind === 'disconnected') {
        if (wasConnected)
          stdout.write(`\r\n[${state.reason.message} Trying again; Ctrl-\\ Ctrl-\\ detaches.]\r\n`);
        wasConnected = false;
        if (state.nextRetryAt === undefined) end({ kind: 'lost', message: state.reason.message });
      } else if (state.kind === 'connected') {
        wasConnected = true;
      }
    });
    const attachment = client.attach(terminalId, {
      onAttached: () => {
        resize();
      },
      onSnapshot: ({ data, offset }) => {
        stdout.write(CLEAN + CLEAR + withoutLineFeeds(data), () => {
          attachment.ack(offset);
        });
      },
      onOutput: ({ data, end: offset }) => {
        // Acknowledged when it was written, so that a slow terminal is handed a snapshot and not a backlog.
        stdout.write(withoutLineFeeds(filter.filter(data)), () => {
          attachment.ack(offset);
        });
      },
      onExited: ({ exitCode, signal }) => {
        end({ kind: 'exited', exitCode, signal });
      },
      onClosed: () => {
        end({ kind: 'closed' });
      },
      onLost: ({ message }) => {
        end({ kind: 'lost', message });
      },
    });
  });
}
