/**
 * `npm run fuzz`: looks for bytes that break a promise of the plugin, a minute for each target, starting from the
 * corpus. `npm run fuzz -- frames 600` runs one target for 600 seconds.
 *
 * The targets are cargo-fuzz targets (`cargo fuzz run url` works with a nightly toolchain), built here without it: all that
 * it adds is flags. Coverage counters and comparisons are recorded by LLVM passes that stable Rust has; the address
 * sanitizer, for the unsafe code of other crates, is behind a flag that only `RUSTC_BOOTSTRAP=1` opens on stable.
 * What is found lies in `fuzz/artifacts/`, new inputs that reach new code in `fuzz/found/`; neither is committed.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { step, StepError } from './step.mjs';
import { checkNode, findRust } from './setup.mjs';
import { at } from './workspace.mjs';

const targets = ['url', 'frames'];

/** Seconds for each target. */
const SECONDS = 60;

/** Longest input in bytes: above the limits of URLs, headers and answers, far below that of messages. */
const INPUT_BYTES = 32 * 1024;

const flags = [
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
  // The counters of several units would be linked in the wrong order.
  '-Ccodegen-units=1',
  '-Zsanitizer=address',
  '--cfg=fuzzing',
];

const fuzz = (/** @type {string[]} */ ...parts) =>
  at('packages', 'tauri-plugin-daemon-transport', 'fuzz', ...parts);

try {
  checkNode();
  const rust = await findRust();
  if (!rust.found) throw new StepError(rust.why);
  const [chosen, seconds = String(SECONDS)] = process.argv.slice(2);
  if (chosen !== undefined && !targets.includes(chosen)) {
    throw new StepError(`there is no target ${chosen}; there are ${targets.join(' and ')}`);
  }
  const { output } = await step('Asking for the host', 'rustc', ['-vV'], { cwd: fuzz() });
  const host = /^host: (.+)$/m.exec(output)?.[1];
  if (host === undefined) throw new StepError('rustc does not tell its host');
  // With --target the flags are for the targets alone, not for build scripts and macros.
  await step('Building the fuzz targets', 'cargo', ['build', '--release', '--locked', '--target', host], {
    cwd: fuzz(),
    env: { ...process.env, RUSTC_BOOTSTRAP: '1', RUSTFLAGS: flags.join(' ') },
  });
  for (const target of chosen === undefined ? targets : [chosen]) {
    const found = fuzz('found', target);
    const artifacts = fuzz('artifacts', target);
    for (const directory of [found, artifacts]) mkdirSync(directory, { recursive: true });
    const { code, output } = await step(
      `Fuzzing ${target} for ${seconds} s`,
      fuzz('target', host, 'release', target),
      [
        `-max_total_time=${seconds}`,
        `-max_len=${String(INPUT_BYTES)}`,
        '-timeout=10',
        '-rss_limit_mb=2048',
        '-print_final_stats=1',
        `-artifact_prefix=${artifacts}/`,
        found,
        fuzz('corpus', target),
      ],
      { cwd: fuzz(), mayFail: true },
    );
    if (code !== 0) {
      process.stdout.write(`${output.slice(-6000)}\n`);
      throw new StepError(`${target}: see ${artifacts}`);
    }
    const figure = (/** @type {RegExp} */ pattern) => pattern.exec(output)?.[1] ?? '?';
    console.log(
      `${target}: ${figure(/number_of_executed_units:\s*(\d+)/)} runs, nothing found; ` +
        `${String(readdirSync(fuzz('corpus', target)).length)} inputs of the corpus, ` +
        `${figure(/cov: (\d+)[^\n]*\n(?![\s\S]*cov: )/)} points of the code reached`,
    );
  }
} catch (error) {
  if (!(error instanceof StepError)) throw error;
  console.error(error.message);
  process.exit(1);
}
