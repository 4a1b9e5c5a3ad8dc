/**
 * Starts, finds and ends the daemon as a process of its own. It promises that a start settles only when the daemon
 * answers or has failed, and that a failure comes with the exit code and the last lines of the log.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { AuthMode, RuntimeFile } from '@holdfast/protocol';
import * as z from 'zod';
import { HoldfastError, systemCode } from '../errors.js';
import { START_TIMEOUT_MS, STOP_TIMEOUT_MS } from '../limits.js';
import { isAlive, readRuntimeFile } from '../runtime-file.js';
import { logFilePath } from '../state-directory.js';
import { readLastLines } from './log-lines.js';
import { CommandError } from './output.js';

/** What a daemon of this state directory is doing, found by asking it. */
export type Finding =
  | { readonly state: 'running'; readonly file: RuntimeFile }
  /** A runtime file is there, and who it names does not answer. */
  | { readonly state: 'stale'; readonly file: RuntimeFile }
  | { readonly state: 'stopped' };

export async function findDaemon(home: string): Promise<Finding> {
  const file = readRuntimeFile(home);
  if (file === undefined) return { state: 'stopped' };
  return (await isAlive(file)) ? { state: 'running', file } : { state: 'stale', file };
}

/** The running daemon, or the error that says how to start one. */
export async function requireDaemon(home: string): Promise<RuntimeFile> {
  const found = await findDaemon(home);
  if (found.state === 'running') return found.file;
  const stale =
    found.state === 'stale'
      ? ` (the runtime file of pid ${String(found.file.pid)} is stale: nobody answers there)`
      : '';
  throw new CommandError(
    'not_running',
    `No daemon runs for ${home}${stale}. Start it with: holdfast daemon start`,
  );
}

export type StartOptions = {
  readonly home: string;
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  readonly allowOrigin?: readonly string[] | undefined;
  readonly auth?: AuthMode | undefined;
  readonly maxConnections?: number | undefined;
  readonly webRoot?: string | undefined;
};

export type Started = {
  readonly file: RuntimeFile;
  readonly alreadyRunning: boolean;
  /** The default port was taken by something else, so another was chosen. */
  readonly portChanged: boolean;
};

const failure = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** The daemon's own last words, where it had any. */
function parseFailure(stderr: string): { readonly code: string; readonly message: string } | undefined {
  for (const line of stderr.trim().split('\n').reverse()) {
    try {
      const parsed = failure.safeParse(JSON.parse(line));
      if (parsed.success) return parsed.data.error;
    } catch {
      // A line of something else (a warning of Node): look at the one before.
    }
  }
  return undefined;
}

function launch(options: StartOptions, port: number | undefined): ChildProcess {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const args = ['--home', options.home, '--json', 'daemon', 'run', '--quiet'];
  if (port !== undefined) args.push('--port', String(port));
  if (options.host !== undefined) args.push('--host', options.host);
  for (const origin of options.allowOrigin ?? []) args.push('--allow-origin', origin);
  if (options.auth !== undefined) args.push('--auth', options.auth);
  if (options.maxConnections !== undefined) args.push('--max-connections', String(options.maxConnections));
  if (options.webRoot !== undefined) args.push('--web-root', options.webRoot);
  return spawn(process.execPath, [main, ...args], {
    // A session of its own: it outlives the terminal and the program that started it.
    detached: true,
    // It must not hold the directory in which somebody happened to be.
    cwd: existsSync(homedir()) ? homedir() : '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
}

/** Waits until the child has said that it listens; its exit or the time limit is a failure. */
async function whenReady(child: ChildProcess, home: string): Promise<void> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-16_384);
  });
  const ended = new AbortController();
  const timer = setTimeout(() => {
    ended.abort();
  }, START_TIMEOUT_MS);
  const fail = (what: string, exitCode: number | null): never => {
    const said = parseFailure(stderr);
    const logLines = readLastLines(logFilePath(home), 10);
    throw new CommandError(
      said?.code ?? 'start_failed',
      `${what} ${said?.message ?? 'Its log may say why.'}`,
      undefined,
      { exitCode, logFile: logFilePath(home), logLines },
    );
  };
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => {
        resolve();
      });
      child.once('error', reject);
      // `close` rather than `exit`: by then stderr has been read.
      child.once('close', (code, signal) => {
        const how = code === null ? `signal ${signal ?? '?'}` : `exit code ${String(code)}`;
        try {
          fail(`The daemon ended at its start (${how}).`, code);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
      ended.signal.addEventListener('abort', () => {
        child.kill('SIGKILL');
        try {
          fail(`The daemon did not answer within ${String(START_TIMEOUT_MS / 1000)} s and was ended.`, null);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  } finally {
    clearTimeout(timer);
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.removeAllListeners('close');
    child.unref();
  }
}

/** Whether the launch failed because of this. */
const failedWith = (error: unknown, code: string): boolean =>
  error instanceof CommandError && error.code === code;

/** Launches until it is known how: another port where nobody asked for the default one; an explicit one is never replaced. */
async function launchAndWait(options: StartOptions): Promise<{ readonly portChanged: boolean }> {
  try {
    await whenReady(launch(options, options.port), options.home);
    return { portChanged: false };
  } catch (error) {
    // Whether a port is free is known only by listening: trying it out first would be in the way of another start.
    if (options.port !== undefined || !failedWith(error, 'port_in_use')) throw error;
    await whenReady(launch(options, 0), options.home);
    return { portChanged: true };
  }
}

/** A daemon that runs already is not what was asked for if it lets everybody in and should not. */
function requireAuth(file: RuntimeFile, wanted: AuthMode | undefined): void {
  if (wanted !== 'token' || file.auth === 'token') return;
  throw new CommandError(
    'already_running',
    `A daemon (pid ${String(file.pid)}) runs already at ${file.webUrl}, and it asks for no token. ` +
      'To change that, which ends its terminals: holdfast daemon restart --auth token',
  );
}

async function findStarted({ home, auth }: StartOptions): Promise<RuntimeFile> {
  const found = await findDaemon(home);
  if (found.state === 'running') {
    requireAuth(found.file, auth);
    return found.file;
  }
  throw new CommandError('start_failed', `The daemon started and does not answer. Look at: holdfast logs`);
}

/** Starts a daemon in the background, or finds the one that runs. */
export async function startInBackground(options: StartOptions): Promise<Started> {
  let found: Finding = { state: 'stopped' };
  try {
    found = await findDaemon(options.home);
  } catch (error) {
    // A damaged file tells of no daemon, and the new one replaces it.
    if (!(error instanceof HoldfastError) || error.code !== 'runtime_file_invalid') throw error;
  }
  if (found.state === 'running') {
    requireAuth(found.file, options.auth);
    return { file: found.file, alreadyRunning: true, portChanged: false };
  }
  try {
    const { portChanged } = await launchAndWait(options);
    return { file: await findStarted(options), alreadyRunning: false, portChanged };
  } catch (error) {
    // Another start was faster: its daemon is the one that was wanted.
    if (!failedWith(error, 'already_running')) throw error;
    return { file: await findStarted(options), alreadyRunning: true, portChanged: false };
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    return systemCode(error) === 'EPERM';
  }
}

/** How often a process that was told to end is looked at, in ms. */
const LOOK_INTERVAL_MS = 25;

/** Ends a daemon that was found running, and settles when its process has ended. */
export async function stopDaemon(file: RuntimeFile, restart: boolean): Promise<void> {
  // The instance has just answered, so the pid in its file is its own.
  process.kill(file.pid, restart && process.platform !== 'win32' ? 'SIGUSR2' : 'SIGTERM');
  const until = performance.now() + STOP_TIMEOUT_MS;
  // A process that is not our child gives no event for its end.
  while (exists(file.pid)) {
    if (performance.now() > until) {
      throw new CommandError(
        'stop_timeout',
        `The daemon (pid ${String(file.pid)}) did not end within ${String(STOP_TIMEOUT_MS / 1000)} s. End it with: kill -9 ${String(file.pid)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
  }
}
