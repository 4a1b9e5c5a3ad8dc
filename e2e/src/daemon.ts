/** A real daemon in a process and a state directory of its own, on a free port. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runtimeFile, type RuntimeFile } from '@holdfast/protocol';
import { holdfastCommand } from './places.js';
import { start, type Running } from './process.js';
import { until } from './until.js';

export type TestDaemon = {
  readonly process: Running;
  readonly info: RuntimeFile;
  /** What it has logged itself, oldest first: a daemon before it on the same state directory wrote into the same file. */
  log: () => Promise<Record<string, unknown>[]>;
  /** Ends it at once and without a word (SIGKILL), as a crash would. */
  kill: () => Promise<void>;
  /** Ends it as `holdfast daemon stop` does. */
  stop: () => Promise<void>;
};

/** Environment of a shell that behaves the same on every machine. */
export const plainShell = {
  SHELL: '/bin/bash',
  PS1: '$ ',
  HISTFILE: '/dev/null',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
};

/** Reads the runtime file of a state directory. */
export async function readRuntimeFile(home: string): Promise<RuntimeFile> {
  return runtimeFile.parse(JSON.parse(await readFile(join(home, 'daemon.json'), 'utf8')));
}

/** Reads the log of a state directory, one JSON object a line. */
export async function readLog(home: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(home, 'daemon.log'), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/**
 * Starts a daemon and waits until it says where it listens. HOME is a directory below the state directory, so
 * that no start-up file of a person runs in the shells.
 */
export async function startDaemon(
  home: string,
  options: { port?: number; args?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<TestDaemon> {
  const personal = join(home, 'person');
  await mkdir(personal, { recursive: true });
  const earlier = (await readLog(home)).length;
  const process_ = await start(
    process.execPath,
    [holdfastCommand, 'daemon', 'run', '--port', String(options.port ?? 0), ...(options.args ?? [])],
    { env: { ...process.env, ...plainShell, HOME: personal, ...options.env, HOLDFAST_HOME: home } },
  );
  const info = await until(
    'the daemon listens',
    async () => {
      if (process_.hasEnded()) throw new Error(`the daemon ended: ${process_.output()}`);
      const file = await readRuntimeFile(home);
      return file.pid === process_.pid && file;
    },
    { lastSeen: () => process_.output() },
  );
  return {
    process: process_,
    info,
    log: async () => (await readLog(home)).slice(earlier),
    kill: () => process_.end('SIGKILL'),
    stop: () => process_.end('SIGTERM'),
  };
}
