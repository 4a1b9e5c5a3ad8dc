/**
 * The benchmark: `--quick` (under five minutes), `--smoke` (one tiny case for each way), `--json FILE`, `--report` (writes
 * docs/performance.md), `--seed N`, `--only NAME` (cases whose name holds it), `--ways A,B` (the page's own
 * WebSocket belongs to them: ratios are to it), `--bytes N,M`, `--kinds text,binary`. What was built before is measured
 * as it is.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Generator } from './generator.js';
import { loadNow, machine, versions, type Versions } from './machine.js';
import { FULL, QUICK, SMOKE, type Plan, type Size } from './plan.js';
import { writeReport } from './report.js';
import { Results } from './results.js';
import { runApp, runRounds, runStalls, type Run } from './run.js';
import { table } from './table.js';
import { ALL_WAYS, NodePlace, openBenchWindow } from './ways.js';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    json: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
    ways: { type: 'string', default: ALL_WAYS.join(',') },
    bytes: { type: 'string' },
    kinds: { type: 'string' },
    report: { type: 'boolean', default: false },
  },
});

const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const plan = chosen(values.smoke ? SMOKE : values.quick ? QUICK : FULL);
const loadBefore = loadNow();
const begun = performance.now();
console.log(`seed ${seed}`);

const generator = await Generator.start();
const node = new NodePlace();
const results = new Results();
let used: Versions | undefined;
const run: Run = {
  plan,
  seed,
  only: values.only,
  ways: ALL_WAYS.filter((way) => values.ways.split(',').includes(way)),
  generator,
  node,
  results,
  openWindow: async () => {
    const window = await openBenchWindow();
    used ??= await versions(window);
    return window;
  },
  say: (line) => console.log(`[${((performance.now() - begun) / 1000).toFixed(0)} s] ${line}`),
};
try {
  await runRounds(run);
  await runStalls(run);
  await runApp(run);
} finally {
  node.end();
  await generator.end();
}

/** The plan with the sizes and kinds that were asked for. */
function chosen(whole: Plan): Plan {
  const bytes = values.bytes?.split(',').map(Number);
  const kinds = values.kinds?.split(',');
  const sizes = (all: readonly Size[]): Size[] =>
    all.filter((size) => (bytes?.includes(size.bytes) ?? true) && (kinds?.includes(size.kind) ?? true));
  return { ...whole, toPage: sizes(whole.toPage), toRust: sizes(whole.toRust) };
}

const outcome = { machine: await machine(loadBefore), versions: used ?? {}, seed, cases: results.cases() };
console.log(table(results));
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(outcome, null, 2)}\n`);
if (values.report) await writeReport(results, outcome);
