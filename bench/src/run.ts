/** One whole run: every case over every way, in rounds, each in an order of its own that the seed decides. */
import { measureApp } from './app.js';
import type { Generator } from './generator.js';
import type { Plan, Size } from './plan.js';
import { FLOOD_MESSAGE_BYTES, STALL_MESSAGE_BYTES } from './plan.js';
import type { Results, Subject } from './results.js';
import { IDLE, LOADS, roundTrips, type Load } from './round-trips.js';
import { stall } from './stall.js';
import { numbers, shuffled } from './statistics.js';
import { ThroughputBench, type Direction } from './throughput.js';
import {
  OUTSIDE_WAYS,
  rustPlace,
  WINDOW_WAYS,
  type BenchWindow,
  type NodePlace,
  type Place,
  type Way,
  type WindowWay,
} from './ways.js';

export type Run = {
  readonly plan: Plan;
  readonly seed: number;
  /** Cases whose name does not hold this are left out. */
  readonly only: string;
  readonly ways: readonly Way[];
  readonly generator: Generator;
  readonly node: NodePlace;
  readonly results: Results;
  readonly openWindow: () => Promise<BenchWindow>;
  /** Says what is being done. */
  readonly say: (line: string) => void;
};

type Task = { readonly name: string; readonly run: (place: Place, way: Way, round: number) => Promise<void> };

/** A median of fewer says nothing. */
const FEWEST_ROUNDS = 3;
const MILLION = 1_000_000;
const GIGABYTE = 1_000_000_000;
const MIB = 1024 * 1024;

/** What processor time is told for: small messages by their number, large ones by their bytes. */
const CPU_CASES = [
  { name: 'cpu-million-messages', from: 0, below: 64 * 1024, unit: 's/million', messages: () => MILLION },
  {
    name: 'cpu-gigabyte',
    from: 64 * 1024,
    below: Infinity,
    unit: 's/GB',
    messages: (bytes: number) => GIGABYTE / bytes,
  },
];

export async function runRounds(run: Run): Promise<void> {
  const random = numbers(run.seed);
  const bench = new ThroughputBench(run.generator, run.plan.seconds, run.seed);
  const tasks = [
    ...run.plan.toPage.map((size) => throughput(run, bench, 'to-page', size)),
    ...run.plan.toRust.map((size) => throughput(run, bench, 'to-rust', size)),
    roundTrip(run, IDLE),
    ...LOADS.filter(({ name }) => run.plan.loads.some((load) => load === name)).map((load) =>
      roundTrip(run, load),
    ),
  ].filter(({ name }) => name.includes(run.only));
  if (tasks.length === 0) return;
  const first = performance.now();
  let longest = 0;
  for (let round = 0; round < run.plan.rounds; round += 1) {
    const begun = performance.now();
    if (round >= FEWEST_ROUNDS && (begun - first) / 1000 + longest > run.plan.roundsWithin) {
      run.say(`no time for rounds ${round + 1} to ${run.plan.rounds}: this machine is busy or slow`);
      return;
    }
    for (const way of shuffled(run.ways, random)) {
      if (OUTSIDE_WAYS.some((outside) => outside === way) && round >= run.plan.outsideRounds) continue;
      await inPlace(run, way, async (place) => {
        for (const task of shuffled(tasks, random)) await task.run(place, way, round);
      });
    }
    const seconds = (performance.now() - begun) / 1000;
    longest = Math.max(longest, seconds);
    run.say(`round ${round + 1} of ${run.plan.rounds}: ${seconds.toFixed(0)} s`);
  }
}

/** In an app there is one way, and a window: none pays for what another left to the engine. */
async function inPlace(run: Run, way: Way, act: (place: Place) => Promise<void>): Promise<void> {
  if (way === 'node-ws') return act(run.node);
  if (way === 'rust-ceiling') return act(rustPlace);
  const window = await run.openWindow();
  try {
    await act(window.way(way));
  } finally {
    await window.end();
  }
}

function throughput(run: Run, bench: ThroughputBench, direction: Direction, size: Size): Task {
  return {
    name: direction,
    run: async (place, way, round) => {
      const { rate, cpu } = await bench.measure(direction, way, place, size);
      run.results.add(round, { name: direction, way, ...size, unit: 'messages/s' }, rate);
      if (direction !== 'to-page' || way === 'rust-ceiling') return;
      for (const { name, from, below, unit, messages } of CPU_CASES) {
        if (size.bytes >= from && size.bytes < below)
          run.results.add(round, { name, way, ...size, unit }, cpu * messages(size.bytes));
      }
    },
  };
}

function roundTrip(run: Run, load: Load): Task {
  return {
    name: load.name,
    run: async (place, way, round) => {
      if (load.draw && (way === 'node-ws' || way === 'rust-ceiling')) return;
      if (load.here && way === 'rust-ceiling') return;
      const { plan, seed } = run;
      if (load !== IDLE && way === 'official-plugin' && !plan.loadsOfficial) return;
      const samples = load === IDLE ? plan.samples : plan.loadedSamples;
      const { p50, p99 } = await roundTrips(run.generator, place, load, { ...plan, samples, seed });
      const subject: Omit<Subject, 'name'> = {
        way,
        bytes: load === IDLE ? PING_BYTES : FLOOD_MESSAGE_BYTES,
        kind: load.kind,
        unit: 'ms',
      };
      run.results.add(round, { ...subject, name: load.name }, p50);
      run.results.add(round, { ...subject, name: `${load.name}-p99` }, p99);
    },
  };
}

/** The app itself: what needs no rival. */
export async function runApp(run: Run): Promise<void> {
  if (!run.plan.app || !'app'.includes(run.only)) return;
  for (let round = 0; round < APP_ROUNDS; round += 1) {
    await measureApp(round, run.results);
    run.say(`the app, round ${round + 1} of ${APP_ROUNDS}`);
  }
}

const APP_ROUNDS = 3;

/** Length of the message that goes there and back. */
const PING_BYTES = 32;

/** The ways whose memory under a long stall is compared in every run. */
const STALLED: readonly WindowWay[] = ['page-websocket', 'plugin-batch'];

export async function runStalls(run: Run): Promise<void> {
  const random = numbers(run.seed);
  for (const { seconds, runs, allWays } of run.plan.stalls) {
    const name = seconds === 30 ? 'stall-memory' : `stall-memory-${seconds}s`;
    if (!name.includes(run.only)) continue;
    for (let round = 0; round < runs; round += 1) {
      for (const way of shuffled(allWays ? WINDOW_WAYS : STALLED, random).filter((way) =>
        run.ways.includes(way),
      )) {
        const seen = await stall(run.generator, way, seconds, run.seed);
        const subject = { way, bytes: STALL_MESSAGE_BYTES, kind: 'text' as const };
        run.results.add(round, { ...subject, name, unit: 'MiB' }, seen.added / MIB);
        run.results.add(round, { ...subject, name: `${name}-idle`, unit: 'MiB' }, seen.idle / MIB);
        run.results.add(round, { ...subject, name: `${name}-sent`, unit: 'MiB' }, seen.sent / MIB);
        run.results.add(round, { ...subject, name: `${name}-recovery`, unit: 's' }, seen.recovered);
        run.say(
          `${name} ${way}: +${(seen.added / MIB).toFixed(0)} MiB, taken after ${seen.recovered.toFixed(1)} s`,
        );
      }
    }
  }
}
