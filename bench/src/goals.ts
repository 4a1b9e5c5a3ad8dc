/** What the plugin is to reach, as ratios to another way in the same round. */
import type { Kind } from './plan.js';
import type { Way } from './ways.js';

export type Goal = {
  readonly what: string;
  readonly name: string;
  readonly bytes: number;
  readonly kind: Kind;
  readonly against: Way;
  readonly at: 'least' | 'most';
  readonly ratio: number;
};

const KIB = 1024;
const MIB = 1024 * KIB;
const own = 'page-websocket' satisfies Way;
const official = 'official-plugin' satisfies Way;
const toPage = { name: 'to-page', kind: 'text', against: own, at: 'least' } as const;

export const GOALS: readonly Goal[] = [
  { ...toPage, what: 'Rust to page, 100 B text, messages/s', bytes: 100, ratio: 8 },
  { ...toPage, what: 'Rust to page, 1 KiB text', bytes: KIB, ratio: 2 },
  { ...toPage, what: 'Rust to page, 64 KiB text', bytes: 64 * KIB, ratio: 1 },
  { ...toPage, what: 'Rust to page, 1 MiB text', bytes: MIB, ratio: 1 },
  { ...toPage, what: 'Rust to page, 64 KiB binary', bytes: 64 * KIB, kind: 'binary', ratio: 0.6 },
  { ...toPage, what: 'Rust to page, 100 B text', bytes: 100, against: official, ratio: 40 },
  { ...toPage, what: 'Rust to page, 1 KiB text', bytes: KIB, against: official, ratio: 10 },
  { ...toPage, what: 'Rust to page, 64 KiB text', bytes: 64 * KIB, against: official, ratio: 4 },
  {
    ...toPage,
    what: 'Rust to page, 64 KiB binary',
    bytes: 64 * KIB,
    kind: 'binary',
    against: official,
    ratio: 12,
  },
  { ...toPage, what: 'Page to Rust, 100 B text, messages/s', name: 'to-rust', bytes: 100, ratio: 3 },
  { ...toPage, what: 'Round trip, idle, p50', name: 'round-trip', bytes: 32, at: 'most', ratio: 1.6 },
  {
    ...toPage,
    what: 'Round trip, idle, p50',
    name: 'round-trip',
    bytes: 32,
    against: official,
    at: 'most',
    ratio: 1,
  },
  {
    ...toPage,
    what: 'Round trip, p99, while the server floods',
    name: 'round-trip-flood-p99',
    bytes: KIB,
    at: 'most',
    ratio: 1,
  },
  {
    ...toPage,
    what: 'Round trip, p99, while the page floods',
    name: 'round-trip-flood-to-rust-p99',
    bytes: KIB,
    at: 'most',
    ratio: 1,
  },
  {
    ...toPage,
    what: 'Processor time, a million 100 B messages',
    name: 'cpu-million-messages',
    bytes: 100,
    at: 'most',
    ratio: 1 / 3,
  },
];

/** Memory that a page blocked for 30 s may add, all processes together, in MiB. */
export const STALL_GOAL_MIB = 48;
