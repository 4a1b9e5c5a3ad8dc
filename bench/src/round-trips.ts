/** Round trips that the generator times: idle, and with something else going on. */
import type { Generator } from './generator.js';
import { DRAWING_RATE, FLOOD_MESSAGE_BYTES, STEADY_RATE, type Kind } from './plan.js';
import { percentile } from './statistics.js';
import type { Place } from './ways.js';

export type Load = {
  readonly name: string;
  /** `none`, `full`, or bytes a second. */
  readonly flood: string;
  readonly kind: Kind;
  /** Whether the answering side floods, and whether it draws what comes. */
  readonly here: boolean;
  readonly draw: boolean;
  /** Between two round trips, in microseconds. */
  readonly gap: number;
};

/** Nothing else. Some thinking time between two, so that one does not find the other's threads still awake. */
export const IDLE: Load = {
  name: 'round-trip',
  flood: 'none',
  kind: 'text',
  here: false,
  draw: false,
  gap: 1000,
};
/** The server sends as fast as it is taken. */
const FLOOD_TO_PAGE: Load = { ...IDLE, name: 'round-trip-flood', flood: 'full', gap: 5000 };

/** Everything besides the idle one. */
export const LOADS: readonly Load[] = [
  FLOOD_TO_PAGE,
  { ...IDLE, name: 'round-trip-steady', flood: String(STEADY_RATE), gap: 5000 },
  { ...IDLE, name: 'round-trip-flood-to-rust', here: true, gap: 5000 },
  {
    ...IDLE,
    name: 'round-trip-drawing',
    flood: String(DRAWING_RATE),
    kind: 'text-escaped',
    draw: true,
    gap: 10_000,
  },
];

export type RoundTrips = { readonly p50: number; readonly p99: number };

/** How long a paced flood lasts, in seconds, for each hundred round trips that are asked for. */
const PACED_SECONDS = 0.6;

/** In milliseconds. */
export async function roundTrips(
  generator: Generator,
  place: Place,
  load: Load,
  { samples, floodBytes, seed }: { samples: number; floodBytes: number; seed: number },
): Promise<RoundTrips> {
  const rate = Number(load.flood);
  const most = Number.isNaN(rate) ? floodBytes : (rate * PACED_SECONDS * samples) / 100;
  const run = generator.expect('round-trip', {
    bytes: FLOOD_MESSAGE_BYTES,
    kind: load.kind,
    seed,
    samples,
    gap: load.gap,
    flood: load.flood,
    most,
  });
  await place.run(run.url, { case: 'round-trip', flood: load.here, draw: load.draw });
  const { micros = [] } = await run.report;
  return { p50: percentile(micros, 0.5) / 1000, p99: percentile(micros, 0.99) / 1000 };
}
