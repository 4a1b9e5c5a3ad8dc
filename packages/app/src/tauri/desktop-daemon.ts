/**
 * The desktop's part in finding the daemon: it starts one if none runs and says where it listens. Speaks to the app
 * commands `desktop_daemon` and `desktop_daemon_log` and to the event `desktop://daemon-progress`; what comes back is
 * checked here and trusted from here on.
 */
import { invoke, isTauri } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import * as z from 'zod';
import { MAX_LOG_LINES } from '../limits.js';

const found = z.object({
  url: z.string().min(1),
  name: z.string(),
  flavour: z.enum(['plugin', 'option-a']),
});
/** Where the daemon of this desktop listens and by which transport it is reached. */
export type DesktopDaemon = z.infer<typeof found>;

const failure = z.object({
  code: z.string(),
  message: z.string(),
  exitCode: z.number().nullish(),
  log: z.array(z.string()).nullish(),
});

const progress = z.object({ step: z.string(), elapsedMs: z.number() });

/** How far the desktop has come with its daemon. */
export type DesktopState =
  | { readonly kind: 'starting'; readonly step: string; readonly elapsedMs: number }
  | { readonly kind: 'ready'; readonly daemon: DesktopDaemon }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly exitCode: number | null;
      readonly log: readonly string[];
    };

/** Whether this page is the desktop's window. */
export function isDesktop(): boolean {
  return isTauri();
}

/** Asks for the daemon, which is started if none runs. Never rejects: a failure is a state. */
export async function askForDaemon(): Promise<DesktopState> {
  try {
    return { kind: 'ready', daemon: found.parse(await invoke<unknown>('desktop_daemon')) };
  } catch (error) {
    const parsed = failure.safeParse(error);
    if (!parsed.success) {
      const message = error instanceof Error ? error.message : String(error);
      return { kind: 'failed', code: 'desktop_failed', message, exitCode: null, log: [] };
    }
    const { code, message, exitCode, log } = parsed.data;
    return {
      kind: 'failed',
      code,
      message,
      exitCode: exitCode ?? null,
      log: (log ?? []).slice(-MAX_LOG_LINES),
    };
  }
}

/** Follows the steps of a start. Returns its own unsubscriber, which may be called before listening has begun. */
export function onDaemonProgress(handler: (step: string, elapsedMs: number) => void): () => void {
  let stopped = false;
  let unlisten: (() => void) | null = null;
  listen<unknown>('desktop://daemon-progress', (event) => {
    const parsed = progress.safeParse(event.payload);
    if (!stopped && parsed.success) handler(parsed.data.step, parsed.data.elapsedMs);
  }).then(
    (stop) => {
      if (stopped) stop();
      else unlisten = stop;
    },
    () => {
      // Without the event the start goes on and only its steps are not shown.
    },
  );
  return () => {
    stopped = true;
    unlisten?.();
  };
}

/** The last lines of the daemon's log, oldest first. Empty where they cannot be read. */
export async function daemonLog(): Promise<readonly string[]> {
  const lines = z.array(z.string()).safeParse(await invoke<unknown>('desktop_daemon_log'));
  return lines.success ? lines.data.slice(-MAX_LOG_LINES) : [];
}
