/** `holdfast daemon run`: the daemon in this very process, until a signal ends it. */
import type { AuthMode } from '@holdfast/protocol';
import { startDaemon } from '../daemon.js';
import { reasonOf } from '../errors.js';
import { EXIT } from './exit-codes.js';
import { report, surviveWhenNobodyReads } from './output.js';

export type RunOptions = {
  readonly home: string;
  readonly json: boolean;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly allowOrigin?: readonly string[] | undefined;
  readonly auth?: AuthMode | undefined;
  readonly maxConnections?: number | undefined;
  readonly webRoot?: string | undefined;
  /** Says where it listens, and every log line on stderr. Off for a daemon in the background. */
  readonly verbose: boolean;
};

/** Settles when the daemon has been told to end and has ended. */
export async function runDaemon(options: RunOptions): Promise<number> {
  surviveWhenNobodyReads();
  const daemon = await startDaemon({
    home: options.home,
    host: options.host,
    port: options.port,
    allowedOrigins: options.allowOrigin,
    auth: options.auth,
    maxConnections: options.maxConnections,
    webRoot: options.webRoot,
    onLogLine: options.verbose ? (line): void => void process.stderr.write(line) : undefined,
  });
  // A defect is told and survived: the terminals of the person are worth more than a clean end.
  process.on('uncaughtException', (error) => {
    daemon.log.error({ event: 'daemon.defect', err: error });
  });
  process.on('unhandledRejection', (reason) => {
    daemon.log.error({ event: 'daemon.defect', reason: reasonOf(reason) });
  });
  const { webUrl, wsUrl, instanceId, port, logFile } = daemon;
  report(
    options.json,
    { webUrl, wsUrl, instanceId, port, pid: process.pid, logFile },
    `The daemon runs at ${webUrl} (pid ${String(process.pid)}). Ctrl-C stops it.`,
  );
  const restart = await new Promise<boolean>((resolve) => {
    process.once('SIGTERM', () => {
      resolve(false);
    });
    process.once('SIGINT', () => {
      resolve(false);
    });
    // `holdfast daemon restart` says that another one follows, so that clients come back (close code 1012).
    if (process.platform !== 'win32') {
      process.once('SIGUSR2', () => {
        resolve(true);
      });
      process.on('SIGHUP', () => undefined);
    }
  });
  await daemon.stop({ restart });
  return EXIT.ok;
}
