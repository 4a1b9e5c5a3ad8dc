/** The window of the contract app, and what its page offers to tests of delivery, by the names it has there. */
import { join } from 'node:path';
import type { CleanUp } from './clean-up.js';
import { temporaryHome } from './home.js';
import type { Argument } from './page.js';
import { contractApp } from './places.js';
import { until } from './until.js';
import { openWindow, type TestWindow } from './window.js';

/** What a connection in the page has got so far: declared and documented in `contract-app/page/traffic.ts`. */
export type Report = {
  readonly opened: boolean;
  readonly count: number;
  readonly bytes: number;
  readonly wrong: readonly string[];
  readonly sent: number | null;
  readonly errors: readonly { readonly code?: string; readonly message?: string }[];
  readonly closes: readonly { readonly code?: number; readonly wasClean?: boolean }[];
};

export type ContractWindow = {
  readonly window: TestWindow;
  /** Calls `window.__traffic.<method>` with these arguments. */
  traffic: <T = void>(method: string, ...args: readonly Argument[]) => Promise<T>;
  report: (url: string) => Promise<Report>;
  /** Waits until everything that the peer has sent is there; the report says whether it was right. */
  everything: (url: string, deadlineMs?: number) => Promise<Report>;
};

/** What the app does otherwise than usual: see `contract-app/src`. */
export type ContractOptions = {
  /** Another build of the app. */
  readonly binary?: string;
  readonly loseEvery?: number;
  readonly quick?: boolean;
  /** Label of the window, which decides what its page may do: see `contract-app/capabilities`. */
  readonly label?: 'main' | 'only-the-default' | 'allow-loopback' | 'no-permission';
  /** What a second window, and one that is never shown, do by themselves. */
  readonly second?: Readonly<Record<string, string>>;
  readonly hidden?: Readonly<Record<string, string>>;
};

export async function openContractWindow(
  cleanUp: CleanUp,
  options: ContractOptions = {},
): Promise<ContractWindow> {
  const home = cleanUp.add(await temporaryHome(), (it) => it.remove());
  const role = (values: Readonly<Record<string, string>>): string => new URLSearchParams(values).toString();
  const window = cleanUp.add(
    await openWindow({
      binary: options.binary ?? contractApp(),
      env: {
        HOME: home.path,
        XDG_DATA_HOME: join(home.path, 'data'),
        ...(options.loseEvery === undefined ? {} : { HOLDFAST_CONTRACT_LOSE: String(options.loseEvery) }),
        ...(options.quick === true ? { HOLDFAST_CONTRACT_QUICK: '1' } : {}),
        ...(options.label === undefined ? {} : { HOLDFAST_CONTRACT_LABEL: options.label }),
        ...(options.second === undefined ? {} : { HOLDFAST_CONTRACT_SECOND: role(options.second) }),
        ...(options.hidden === undefined ? {} : { HOLDFAST_CONTRACT_HIDDEN: role(options.hidden) }),
      },
    }),
    (it) => it.end(),
  );
  await until('the contract page is there', () =>
    window.run<boolean>('return window.__traffic !== undefined'),
  );
  const traffic = <T>(method: string, ...args: readonly Argument[]): Promise<T> =>
    window.run<T>(`return window.__traffic[args[0]](...args.slice(1))`, method, ...args);
  const report = (url: string): Promise<Report> => traffic<Report>('report', url);
  return {
    window,
    traffic,
    report,
    everything: (url, deadlineMs) =>
      until(
        'everything that was sent has arrived',
        async () => {
          const now = await report(url);
          return (now.sent !== null || now.wrong.length > 0 || now.closes.length > 0) && now;
        },
        { ...(deadlineMs === undefined ? {} : { deadlineMs }), lastSeen: () => report(url) },
      ),
  };
}
