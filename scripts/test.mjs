/**
 * `npm test`: installs what is missing, builds everything, and runs every check there is: lint, unit and property
 * tests, the Rust tests, and the tests in real windows and a real browser. Ends with one line `N passed, N failed`.
 * `--fast` runs only the tests that need no window and no Rust; `--e2e` only what needs windows; further words choose test files.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDesktop, buildIsolationApp, buildPage, buildWindowApps } from './build.mjs';
import { pageLints, rustLints } from './lint.mjs';
import { checkNode, checkRustTools, findRust, installNpmPackages, installSystemPackages } from './setup.mjs';
import { step, StepError } from './step.mjs';
import { at, flavours } from './workspace.mjs';

const fast = process.argv.includes('--fast');
const onlyWindows = process.argv.includes('--e2e');
const chosen = process.argv.slice(2).filter((word) => !word.startsWith('--'));

const total = { passed: 0, failed: 0 };
const failures = /** @type {string[]} */ ([]);

const bin = (/** @type {string} */ name) => at('node_modules', '.bin', name);

/** One check that passes or fails as a whole. */
async function one(
  /** @type {string} */ what,
  /** @type {string} */ command,
  /** @type {string[]} */ args,
  /** @type {NodeJS.ProcessEnv} */ env = process.env,
) {
  const { code, output } = await step(what, command, args, { cwd: at(), mayFail: true, env });
  if (code === 0) {
    total.passed += 1;
  } else {
    total.failed += 1;
    failures.push(what);
    process.stdout.write(`${output.slice(-8000)}\n`);
  }
}

/** Runs vitest and counts its tests from its own report. */
async function vitest(/** @type {string} */ what, /** @type {string} */ name, /** @type {string[]} */ args) {
  const report = at('test-results', `${name}.json`);
  rmSync(report, { force: true });
  await step(
    what,
    bin('vitest'),
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args],
    { cwd: at(), show: true, mayFail: true },
  );
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch (error) {
    total.failed += 1;
    failures.push(`${what}: no report (${String(error)})`);
    return;
  }
  total.passed += result.numPassedTests;
  total.failed += result.numFailedTests;
  for (const file of result.testResults) {
    // A file that failed before its first test has no failed test that could be counted.
    if (
      file.status === 'failed' &&
      file.assertionResults.every((/** @type {{ status: string }} */ test) => test.status !== 'failed')
    ) {
      total.failed += 1;
      failures.push(`${file.name}: ${file.message}`);
    }
    for (const test of file.assertionResults) if (test.status === 'failed') failures.push(test.fullName);
  }
  if (result.numPassedTests + result.numFailedTests === 0) {
    total.failed += 1;
    failures.push(`${what}: no test ran`);
  }
}

/** Runs the Rust tests and counts them from cargo's own lines. */
async function cargoTest() {
  const { code, output } = await step(
    'Rust tests',
    'cargo',
    ['test', '--release', '--locked', '-p', 'tauri-plugin-daemon-transport', '-p', 'holdfast-desktop'],
    {
      cwd: at(),
      mayFail: true,
    },
  );
  let counted = 0;
  for (const [, passed, failed] of output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)) {
    total.passed += Number(passed);
    total.failed += Number(failed);
    counted += Number(passed) + Number(failed);
  }
  for (const [, name] of output.matchAll(/^test (\S+) \.\.\. FAILED/gm)) failures.push(String(name));
  if (code !== 0 || counted === 0) {
    process.stdout.write(output.slice(-8000));
    if (counted === 0 || !/\d+ failed/.test(output.replaceAll(' 0 failed', ''))) {
      total.failed += 1;
      failures.push('cargo test did not run to its end');
    }
  }
}

/** The credentials in a real keyring: one of the test's own, that ends with its session and leaves nothing behind. */
async function keyringTest() {
  const place = mkdtempSync(join(tmpdir(), 'holdfast-keyring-'));
  try {
    await one(
      'The system keyring',
      'dbus-run-session',
      [
        '--',
        'sh',
        '-ec',
        'printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null; exec "$@"',
        'sh',
        'cargo',
        'test',
        '--release',
        '--locked',
        '-p',
        'tauri-plugin-daemon-transport',
        '--lib',
        '--',
        '--ignored',
        'the_systems_keyring',
      ],
      { ...process.env, XDG_DATA_HOME: place, XDG_RUNTIME_DIR: place },
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

try {
  checkNode();
  mkdirSync(at('test-results'), { recursive: true });
  await installNpmPackages();
  const rust = fast ? { found: true, why: '' } : await findRust();
  if (!rust.found) throw new StepError(rust.why);
  if (!fast) await checkRustTools();
  if (!fast) await installSystemPackages({ tests: true });
  await buildPage();

  if (!fast && !onlyWindows) {
    for (const [what, command, args] of pageLints) await one(what, command, args);
  }
  if (!onlyWindows) await vitest('Tests without a window', 'fast', chosen);
  if (!fast) {
    // The flavours before clippy and the tests: these reuse what the first build compiled.
    for (const flavour of /** @type {(keyof typeof flavours)[]} */ (Object.keys(flavours)))
      await buildDesktop(flavour);
    await buildWindowApps();
    await buildIsolationApp();
    if (!onlyWindows) {
      for (const [what, command, args] of rustLints) await one(what, command, args);
      await cargoTest();
      if (process.platform === 'linux') await keyringTest();
    }
    await vitest('Tests in windows and a browser', 'windows', [
      '--config',
      at('e2e', 'vitest.config.ts'),
      ...chosen,
    ]);
  }
} catch (error) {
  total.failed += 1;
  failures.push(
    error instanceof StepError ? error.message : String(error instanceof Error ? error.stack : error),
  );
}

for (const failure of failures) console.error(`✗ ${failure}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
