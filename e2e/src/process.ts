/** A child process in a group of its own, so that ending it ends everything it started and nothing else. */
import { spawn, type ChildProcess } from 'node:child_process';
import { END_DEADLINE_MS } from './limits.js';

/** Bytes of output that are kept of each process, from its end. */
const MAX_OUTPUT = 1024 * 1024;

export type Running = {
  readonly pid: number;
  /** What it wrote so far to both streams, as far as it is kept. */
  output: () => string;
  /** Resolves when it has ended, with its code or the signal that ended it. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  hasEnded: () => boolean;
  /** Ends the whole group: SIGTERM, then SIGKILL after a deadline. Resolves when it is gone. */
  end: (signal?: NodeJS.Signals) => Promise<void>;
  readonly child: ChildProcess;
};

/** Starts a process. Throws where the program is not there. */
export async function start(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; extraPipe?: boolean } = {},
): Promise<Running> {
  const child = spawn(command, args, {
    env: options.env ?? process.env,
    cwd: options.cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(options.extraPipe === true ? (['pipe'] as const) : [])],
  });
  let output = '';
  const take = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-MAX_OUTPUT);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  let over = false;
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      over = true;
      resolve({ code, signal });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command} has no process id`);
  started.add(pid);
  void ended.then(() => started.delete(pid));

  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    signalGroup(pid, signal);
    if (!over) {
      const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), END_DEADLINE_MS);
      await ended;
      clearTimeout(timer);
    }
    // What the leader leaves behind in its group has no business there.
    signalGroup(pid, 'SIGKILL');
  };
  return { pid, output: () => output, ended, hasEnded: () => over, end, child };
}

/** Group leaders that still run: ended with this process, however it ends. */
const started = new Set<number>();
process.once('exit', () => {
  for (const pid of started) signalGroup(pid, 'SIGKILL');
});

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the group has ended already, which is what is wanted.
  }
}
