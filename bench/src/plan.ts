/** What is measured, and how long: `--quick` in under five minutes, all of it in about half an hour, `--smoke` in seconds. */

export type Kind = 'text' | 'text-escaped' | 'binary';
export type Size = { readonly bytes: number; readonly kind: Kind };

export type LoadName =
  'round-trip-flood' | 'round-trip-flood-to-rust' | 'round-trip-steady' | 'round-trip-drawing';

export type Plan = {
  /** Rounds; each measures every case over every way once, each way in a new window, in an order of its own. */
  readonly rounds: number;
  /** How long one throughput run should last, in seconds: its number of messages is chosen for that. */
  readonly seconds: number;
  readonly toPage: readonly Size[];
  readonly toRust: readonly Size[];
  /** Round trips one after another, in one run. */
  readonly samples: number;
  /** The same under a load, where one takes a quarter of a second over the slowest way. */
  readonly loadedSamples: number;
  /** How much is sent while round trips under a flood are timed, in bytes. */
  readonly floodBytes: number;
  /** Under which loads round trips are timed besides the idle ones. */
  readonly loads: readonly LoadName[];
  /** Whether the official plugin is timed under them too: a fifth of a second for each of its round trips. */
  readonly loadsOfficial: boolean;
  /** In how many of the rounds the ways outside the window are measured: they have no goals, only a ceiling to show. */
  readonly outsideRounds: number;
  /** A round does not begin when it would end later than this, in seconds, and three are done. */
  readonly roundsWithin: number;
  /** How long pages are blocked under a flood, each with its number of runs and over which ways. */
  readonly stalls: readonly { readonly seconds: number; readonly runs: number; readonly allWays: boolean }[];
  /** Whether the app itself is measured as well. */
  readonly app: boolean;
};

const KIB = 1024;
const MIB = 1024 * KIB;
const BYTES = [32, 100, KIB, 8 * KIB, 64 * KIB, MIB, 4 * MIB];
const KINDS = ['text', 'text-escaped', 'binary'] as const;
const every: readonly Size[] = BYTES.flatMap((bytes) => KINDS.map((kind) => ({ bytes, kind })));

export const FULL: Plan = {
  rounds: 5,
  seconds: 0.6,
  toPage: every,
  toRust: every,
  samples: 300,
  loadedSamples: 100,
  floodBytes: 64 * MIB,
  loads: ['round-trip-flood', 'round-trip-flood-to-rust', 'round-trip-steady', 'round-trip-drawing'],
  loadsOfficial: true,
  outsideRounds: Infinity,
  roundsWithin: Infinity,
  stalls: [
    { seconds: 5, runs: 3, allWays: true },
    { seconds: 30, runs: 5, allWays: false },
  ],
  app: true,
};

export const QUICK: Plan = {
  rounds: 5,
  seconds: 0.5,
  toPage: [
    { bytes: 100, kind: 'text' },
    { bytes: KIB, kind: 'text' },
    { bytes: 64 * KIB, kind: 'text' },
    { bytes: 64 * KIB, kind: 'binary' },
    { bytes: MIB, kind: 'text' },
  ],
  toRust: [
    { bytes: 100, kind: 'text' },
    { bytes: 64 * KIB, kind: 'text' },
  ],
  samples: 300,
  loadedSamples: 100,
  floodBytes: 16 * MIB,
  loads: ['round-trip-flood', 'round-trip-flood-to-rust'],
  loadsOfficial: false,
  outsideRounds: 2,
  roundsWithin: 195,
  stalls: [{ seconds: 30, runs: 1, allWays: false }],
  app: false,
};

export const SMOKE: Plan = {
  rounds: 1,
  seconds: 0.02,
  toPage: [{ bytes: 100, kind: 'text' }],
  toRust: [{ bytes: 100, kind: 'binary' }],
  samples: 5,
  loadedSamples: 5,
  floodBytes: 256 * KIB,
  loads: ['round-trip-flood'],
  loadsOfficial: true,
  outsideRounds: Infinity,
  roundsWithin: Infinity,
  stalls: [{ seconds: 1, runs: 1, allWays: false }],
  app: false,
};

/** Messages of a stall's flood, in bytes: the size of a terminal's output chunk. */
export const STALL_MESSAGE_BYTES = 4 * KIB;
/** A stall's flood ends after so many bytes: a transport that takes all of them must not take the machine's memory. */
export const STALL_MOST_BYTES = 768 * MIB;
/** How long a page may take to recover, in seconds; then it has not. */
export const RECOVERY_SECONDS = 90;
/** A run sends at most so much, in bytes: what the page's own WebSocket does not bound. */
export const RUN_MOST_BYTES = 512 * MIB;
/** A paced flood, in bytes a second: what every way can carry. */
export const STEADY_RATE = 4 * MIB;
/** Output of a busy program that the page draws, in bytes a second. */
export const DRAWING_RATE = MIB;
/** Messages of the floods beside round trips, in bytes. */
export const FLOOD_MESSAGE_BYTES = KIB;
