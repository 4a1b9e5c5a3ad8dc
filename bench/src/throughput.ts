/** Messages a second, one direction at a time, with the processor time that they cost. */
import type { Generator } from './generator.js';
import { RUN_MOST_BYTES, type Size } from './plan.js';
import { processorTime } from './processes.js';
import type { Place, Way } from './ways.js';

export type Direction = 'to-page' | 'to-rust';
export type Throughput = {
  /** Messages a second. */
  readonly rate: number;
  /** Processor time of all processes of the place for one message, in seconds. */
  readonly cpu: number;
};

/** The first run of a way and size has about so many bytes; its rate chooses the number of the next. */
const FIRST_BYTES = 64 * 1024;
const FIRST_MESSAGES = 256;
/** Runs that choose the number of messages, before any that counts. */
const TRIALS = 2;

export class ThroughputBench {
  readonly #generator: Generator;
  readonly #seconds: number;
  readonly #seed: number;
  /** Messages a second, as last seen. */
  readonly #rates = new Map<string, number>();

  constructor(generator: Generator, seconds: number, seed: number) {
    this.#generator = generator;
    this.#seconds = seconds;
    this.#seed = seed;
  }

  async measure(direction: Direction, way: Way, place: Place, size: Size): Promise<Throughput> {
    const key = [direction, way, size.bytes, size.kind].join(' ');
    const known = this.#rates.get(key);
    let rate = known ?? 0;
    // A new window has compiled nothing yet: it too gets a short run first.
    for (let trial = known === undefined ? TRIALS : 1; trial > 0; trial -= 1) {
      const count = rate === 0 ? firstCount(size.bytes) : countFor(rate, this.#seconds / 5, size.bytes);
      rate = (await this.#run(direction, place, size, count)).rate;
    }
    const result = await this.#run(direction, place, size, countFor(rate, this.#seconds, size.bytes));
    this.#rates.set(key, result.rate);
    return result;
  }

  async #run(direction: Direction, place: Place, { bytes, kind }: Size, count: number): Promise<Throughput> {
    const run = this.#generator.expect(direction, { bytes, kind, count, seed: this.#seed });
    const pids = await place.processes();
    const before = await processorTime(pids);
    const units = await place.run(run.url, { case: direction, count });
    const report = await run.report;
    const after = await processorTime(pids);
    if (report.wrong !== undefined && report.wrong > 0)
      throw new Error(`${report.wrong} messages of ${count} arrived altered`);
    if (report.units !== undefined && units !== undefined && report.units !== units)
      throw new Error(`${units} units arrived of ${report.units}`);
    const seconds = report.seconds ?? Number.NaN;
    return { rate: count / seconds, cpu: (after - before) / count };
  }
}

function firstCount(bytes: number): number {
  return Math.max(2, Math.min(FIRST_MESSAGES, Math.ceil(FIRST_BYTES / bytes)));
}

function countFor(rate: number, seconds: number, bytes: number): number {
  return Math.max(2, Math.min(Math.round(rate * seconds), Math.floor(RUN_MOST_BYTES / bytes)));
}
