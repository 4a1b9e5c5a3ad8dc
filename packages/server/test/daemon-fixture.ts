/** A real daemon in this process, with a state directory and a port of its own, ended after the test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Daemon, type DaemonOptions, startDaemon } from '../src/index.js';

/** A directory that is removed after the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Log lines as objects, and a promise for the first one that fits. */
export class LogWatch {
  readonly lines: Record<string, unknown>[] = [];
  readonly #waiting: { fits: (line: Record<string, unknown>) => boolean; resolve: () => void }[] = [];

  readonly take = (text: string): void => {
    const line = JSON.parse(text) as Record<string, unknown>;
    this.lines.push(line);
    for (const waiting of this.#waiting) if (waiting.fits(line)) waiting.resolve();
  };

  async find(fits: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    const already = this.lines.find(fits);
    if (already !== undefined) return already;
    await new Promise<void>((resolve) => this.#waiting.push({ fits, resolve }));
    return this.find(fits);
  }
}

export type TestDaemon = Daemon & { readonly home: string; readonly watch: LogWatch };

export async function runningDaemon(options: Partial<DaemonOptions> = {}): Promise<TestDaemon> {
  const home = options.home ?? (await temporaryDirectory());
  const watch = new LogWatch();
  const daemon = await startDaemon({ port: 0, onLogLine: watch.take, ...options, home });
  onTestFinished(() => daemon.stop());
  return Object.assign(daemon, { home, watch });
}
