/** Every way that is measured, behind one interface: four inside the real window, two outside it. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { temporaryHome } from '@holdfast/e2e/home';
import { until } from '@holdfast/e2e/until';
import { openWindow, type TestWindow } from '@holdfast/e2e/window';
import { benchApp, generatorProgram, nodeClient } from './places.js';
import type { Answer, Order } from './node-client.js';
import type { Scenario, Seen } from './scenario.js';

export const WINDOW_WAYS = ['page-websocket', 'official-plugin', 'plugin-event', 'plugin-batch'] as const;
export type WindowWay = (typeof WINDOW_WAYS)[number];
export const OUTSIDE_WAYS = ['node-ws', 'rust-ceiling'] as const;
export type Way = WindowWay | (typeof OUTSIDE_WAYS)[number];
export const ALL_WAYS: readonly Way[] = [...WINDOW_WAYS, ...OUTSIDE_WAYS];

/** Where a scenario runs. */
export type Place = {
  /** Runs it to its end and gives the units that were seen; undefined where they are not told. */
  run: (url: string, scenario: Scenario) => Promise<number | undefined>;
  /** The processes that carry the data, for processor time and memory. */
  processes: () => Promise<readonly number[]>;
};

export type BenchWindow = {
  readonly window: TestWindow;
  way: (way: WindowWay) => Place;
  /** Begins a scenario without waiting: for a page that blocks. */
  begin: (id: string, way: WindowWay, url: string, scenario: Scenario) => Promise<void>;
  end: () => Promise<void>;
};

/** Opens the benchmark's window, with a home of its own. */
export async function openBenchWindow(): Promise<BenchWindow> {
  const home = await temporaryHome();
  let window: TestWindow;
  try {
    window = await openWindow({
      binary: benchApp(),
      env: { HOME: home.path, XDG_DATA_HOME: join(home.path, 'data') },
    });
  } catch (error) {
    await home.remove();
    throw error;
  }
  await until('the page is there', () => window.run<boolean>('return window.__bench !== undefined'));
  return {
    window,
    way: (way) => ({
      run: async (url, scenario) => {
        const seen = await window.run<Seen>(
          'return window.__bench.run(args[0], args[1], JSON.parse(args[2]))',
          way,
          url,
          JSON.stringify(scenario),
        );
        return seen.units;
      },
      processes: () => window.processes(),
    }),
    begin: (id, way, url, scenario) =>
      window.run(
        'window.__bench.begin(args[0], args[1], args[2], JSON.parse(args[3]))',
        id,
        way,
        url,
        JSON.stringify(scenario),
      ),
    end: async () => {
      try {
        await window.end();
      } finally {
        await home.remove();
      }
    },
  };
}

/** Node's `ws` in a process of its own. */
export class NodePlace implements Place {
  readonly #child: ChildProcess = fork(nodeClient);
  #next = 1;

  async run(url: string, scenario: Scenario): Promise<number> {
    const id = String(this.#next);
    this.#next += 1;
    const answer = await new Promise<Answer>((resolve) => {
      const take = (message: unknown): void => {
        const came = message as Answer;
        if (came.id !== id) return;
        this.#child.off('message', take);
        resolve(came);
      };
      this.#child.on('message', take);
      this.#child.send({ id, url, scenario } satisfies Order);
    });
    if (answer.failure !== undefined) throw new Error(`in Node: ${answer.failure}`);
    return answer.units;
  }

  processes(): Promise<readonly number[]> {
    return Promise.resolve(this.#child.pid === undefined ? [] : [this.#child.pid]);
  }

  end(): void {
    this.#child.disconnect();
  }
}

/** The bare Rust client: what the generator and the loopback give at most. */
export const rustPlace: Place = {
  run: async (url) => {
    const child = spawn(generatorProgram(), ['client', url], { stdio: ['ignore', 'inherit', 'inherit'] });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    if (code !== 0) throw new Error(`the bare client ended with code ${String(code)}`);
    return undefined;
  },
  processes: () => Promise.resolve([]),
};
