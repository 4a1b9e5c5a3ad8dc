/**
 * The transport contract as a suite: runs in a page as in Node, over any transport, against the peer of
 * `@holdfast/client/contract/peer`. No test framework; a report for each promise.
 */
import type { DaemonTransportFactory } from '../transport.js';
import { CaseContext, type ContractCase } from './case.js';
import { CONTENT_CASES } from './cases-content.js';
import { END_CASES } from './cases-end.js';
import { ORDER_CASES } from './cases-order.js';
import type { Platform, PlatformLimit } from './platform-limits.js';

export { PLATFORM_LIMITS, type Platform, type PlatformLimit } from './platform-limits.js';

/** Default time for one case, in ms. */
const CASE_TIMEOUT_MS = 30_000;

/** The transports' own default: 15 s of silence, then 10 s for the answer; and time for a busy machine. */
const LIVENESS_DEADLINE_MS = 30_000;

export type ContractOptions = {
  readonly factory: DaemonTransportFactory;
  /** Address of the peer, e.g. `ws://127.0.0.1:40000`. */
  readonly serverUrl: string;
  readonly platform: Platform;
  /** Runs only the cases whose name contains this. */
  readonly only?: string;
  /** Within what time the factory's transports find a dead peer. Default: 30,000 ms. */
  readonly livenessDeadlineMs?: number;
  /** Told of each report as it comes. */
  readonly onReport?: (report: ContractReport) => void;
};

export type ContractReport = {
  readonly name: string;
  readonly promise: number;
  /** `limit`: the platform cannot keep the promise, and what it does instead was asserted. */
  readonly outcome: 'passed' | 'limit' | 'failed';
  /** The failure, or the limits that were met. */
  readonly detail: string;
  readonly limits: readonly PlatformLimit[];
  readonly durationMs: number;
};

const CASES: readonly ContractCase[] = [...ORDER_CASES, ...END_CASES, ...CONTENT_CASES];

/** The sentences of the suite. Promise 8 (leaving the page) can only be seen from outside. */
export const CONTRACT_CASES: readonly { readonly name: string; readonly promise: number }[] = CASES.map(
  ({ name, promise }) => ({ name, promise }),
);

const NOTHING_LATE = 'nothing was reported after close on any connection of the run';

/** Runs the suite, one case after another. Never rejects: what goes wrong is a failed report. */
export async function runContract(options: ContractOptions): Promise<ContractReport[]> {
  const reports: ContractReport[] = [];
  const contexts: CaseContext[] = [];
  const add = (report: ContractReport): void => {
    reports.push(report);
    options.onReport?.(report);
  };
  for (const contractCase of CASES) {
    if (options.only !== undefined && !contractCase.name.includes(options.only)) continue;
    const context = new CaseContext(
      options.factory,
      options.serverUrl,
      options.platform,
      options.livenessDeadlineMs ?? LIVENESS_DEADLINE_MS,
    );
    contexts.push(context);
    add(await runCase(contractCase, context));
  }
  const late = contexts.flatMap((context) => context.violations());
  add({
    name: NOTHING_LATE,
    promise: 2,
    outcome: late.length === 0 ? 'passed' : 'failed',
    detail: late.slice(0, 20).join('\n'),
    limits: [],
    durationMs: 0,
  });
  return reports;
}

async function runCase(contractCase: ContractCase, context: CaseContext): Promise<ContractReport> {
  const { name, promise } = contractCase;
  const started = Date.now();
  const failure = await failureOf(contractCase, context);
  context.release();
  const problems = [...(failure === undefined ? [] : [failure]), ...context.violations()];
  const limits = [...context.limits.keys()];
  const outcome = problems.length > 0 ? 'failed' : limits.length > 0 ? 'limit' : 'passed';
  const detail = outcome === 'failed' ? problems.join('\n') : [...context.limits.values()].join('\n');
  return { name, promise, outcome, detail, limits, durationMs: Date.now() - started };
}

async function failureOf(
  { run, timeoutMs }: ContractCase,
  context: CaseContext,
): Promise<string | undefined> {
  const limit = timeoutMs ?? CASE_TIMEOUT_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      const states = context.connections.map((connection) => `${connection.url} ${connection.describe()}`);
      resolve(`not over after ${String(limit / 1000)} s: ${states.join('; ')}`);
    }, limit);
  });
  const outcome = run(context).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const result = await Promise.race([outcome, timeout]);
  clearTimeout(timer);
  return result;
}
