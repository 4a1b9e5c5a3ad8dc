/** Writes the figures of a run into docs/performance.md, between its two marks, and its plots beside it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GOALS, STALL_GOAL_MIB, type Goal } from './goals.js';
import type { Machine, Versions } from './machine.js';
import { docs } from './places.js';
import { plot, type Group } from './plot.js';
import type { Results } from './results.js';
import { spread, type Spread } from './statistics.js';
import { short } from './table.js';
import { ALL_WAYS, type Way } from './ways.js';

const BEGIN = '<!-- figures -->';
const END = '<!-- /figures -->';
const OWN: Way = 'page-websocket';

export type About = { readonly machine: Machine; readonly versions: Versions; readonly seed: number };

export async function writeReport(results: Results, about: About): Promise<void> {
  const file = join(docs, 'performance.md');
  const images = join(docs, 'images');
  await mkdir(images, { recursive: true });
  const links: string[] = [];
  for (const { file: name, title, names } of PLOTS) {
    const groups = groupsOf(results, names);
    if (groups.length === 0) continue;
    await writeFile(join(images, name), plot(title, groups));
    links.push(`![${title}](images/${name})`);
  }
  const text = await readFile(file, 'utf8');
  const [before, rest = ''] = text.split(BEGIN);
  const after = rest.split(END)[1] ?? '';
  const figures = [aboutRun(about), goals(results), ...links, details(results)].join('\n\n');
  await writeFile(file, `${before ?? ''}${BEGIN}\n\n${figures}\n\n${END}${after}`);
}

const PLOTS = [
  {
    file: 'performance-to-page.svg',
    title: 'Rust to page: messages a second, against the page’s own WebSocket',
    names: ['to-page'],
  },
  {
    file: 'performance-to-rust.svg',
    title: 'Page to Rust: messages a second, against the page’s own WebSocket',
    names: ['to-rust'],
  },
  {
    file: 'performance-cost.svg',
    title: 'Round trips, processor time and memory, against the page’s own WebSocket (less is better)',
    names: [
      'round-trip',
      'round-trip-p99',
      'round-trip-flood-p99',
      'round-trip-flood-to-rust-p99',
      'cpu-million-messages',
      'cpu-gigabyte',
      'stall-memory',
    ],
  },
];

function groupsOf(results: Results, names: readonly string[]): Group[] {
  const groups: Group[] = [];
  for (const { name, bytes, kind } of subjects(results)) {
    if (!names.includes(name)) continue;
    const label = `${name.startsWith('to-') ? '' : `${name} `}${size(bytes)} ${kind}`;
    const bars = ALL_WAYS.filter((way) => way !== OWN && way !== 'rust-ceiling').flatMap((way) => {
      const ratios = results.ratios(name, bytes, kind, way, OWN);
      return ratios.length === 0 ? [] : [{ label, way, spread: spread(ratios) }];
    });
    if (bars.length > 0) groups.push({ label, bars });
  }
  return groups;
}

function aboutRun({ machine, versions, seed }: About): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `Measured on ${machine.processor}, ${machine.processors} processors, ${machine.memoryGiB} GiB, ${machine.system};`,
    `load of the last minute ${machine.load[0]} before and ${machine.load[1]} after. Seed ${seed}.`,
    `\n${programs.join(' · ')}.`,
  ].join('\n');
}

function goals(results: Results): string {
  const rows = GOALS.map((goal) => {
    const ratios = results.ratios(goal.name, goal.bytes, goal.kind, 'plugin-batch', goal.against);
    return [
      goal.what,
      against(goal),
      `at ${goal.at} ${short(goal.ratio)}×`,
      ...verdict(goal, spread(ratios)),
    ];
  });
  const stalls = results.cases().find(({ name, way }) => name === 'stall-memory' && way === 'plugin-batch');
  if (stalls !== undefined) {
    const reached = stalls.median <= STALL_GOAL_MIB ? 'yes' : 'no';
    rows.push([
      'Memory added while the page is blocked for 30 s under a flood',
      'the idle window',
      `at most ${STALL_GOAL_MIB} MiB`,
      `${short(stalls.median)} MiB (${short(stalls.min)}–${short(stalls.max)}, ${stalls.runs} runs)`,
      reached,
    ]);
  }
  return markdown(['`plugin-batch`', 'against', 'goal', 'measured', 'reached'], rows);
}

const against = (goal: Goal): string =>
  goal.against === OWN ? 'the page’s own WebSocket' : 'the official plugin';

function verdict(goal: Goal, seen: Spread): [string, string] {
  if (seen.runs === 0) return ['not measured in this run', ''];
  const reached = goal.at === 'least' ? seen.median >= goal.ratio : seen.median <= goal.ratio;
  return [
    `${short(seen.median)}× (${short(seen.min)}–${short(seen.max)}, ${seen.runs} runs)`,
    reached ? 'yes' : 'no',
  ];
}

type Subject = { name: string; bytes: number; kind: 'text' | 'text-escaped' | 'binary'; unit: string };

function subjects(results: Results): Subject[] {
  const seen = new Map<string, Subject>();
  for (const { name, bytes, kind, unit } of results.cases())
    seen.set([name, bytes, kind].join(' '), { name, bytes, kind, unit });
  return [...seen.values()].sort(
    (a, b) => a.name.localeCompare(b.name) || a.bytes - b.bytes || a.kind.localeCompare(b.kind),
  );
}

/** Every figure: the median, and for ways that are compared the ratio and its spread. */
function details(results: Results): string {
  const cases = results.cases();
  const parts: string[] = [];
  for (const name of [...new Set(subjects(results).map((subject) => subject.name))]) {
    const rows = subjects(results)
      .filter((subject) => subject.name === name)
      .map(({ bytes, kind, unit }) => [
        `${size(bytes)} ${kind}`,
        unit,
        ...[...ALL_WAYS, 'app' as const].map((way) => {
          const found = cases.find(
            (it) => it.name === name && it.bytes === bytes && it.kind === kind && it.way === way,
          );
          if (found === undefined) return '';
          const ratio = way === 'app' ? [] : results.ratios(name, bytes, kind, way, OWN);
          const { median, min, max } = spread(ratio);
          if (ratio.length === 0 || way === OWN)
            return `${short(found.median)} (${short(found.min)}–${short(found.max)})`;
          return `${short(found.median)}; ${short(median)}× (${short(min)}–${short(max)})`;
        }),
      ]);
    const head = ['message', 'unit', ...ALL_WAYS, 'app'];
    const used = head.map((_, at) => rows.some((row) => row[at] !== ''));
    const keep = (row: readonly string[]): string[] => row.filter((_, at) => used[at]);
    parts.push(`### ${name}\n\n${markdown(keep(head), rows.map(keep))}`);
  }
  return parts.join('\n\n');
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function size(bytes: number): string {
  if (bytes === 0) return '';
  if (bytes >= 1024 * 1024) return `${bytes / (1024 * 1024)} MiB`;
  if (bytes >= 1024) return `${bytes / 1024} KiB`;
  return `${bytes} B`;
}
