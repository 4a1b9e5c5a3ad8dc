/**
 * Builds the parts: TypeScript by project references, the page by Vite, and the desktop app in a flavour.
 * What has not changed is not built again; the compilers themselves decide that.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { step } from './step.mjs';
import { at, desktopApp, flavours, targetDirectory } from './workspace.mjs';

const bin = (/** @type {string} */ name) => at('node_modules', '.bin', name);

/** Protocol, client, daemon, command, guest library and page. */
export async function buildPage() {
  await step('Compiling TypeScript', bin('tsc'), ['-b'], { cwd: at() });
  await step('Building the page', bin('vite'), ['build', '--logLevel', 'warn'], {
    cwd: at('packages', 'app'),
  });
}

/**
 * The desktop app, with the page in it. Release, because it is what people run and what is measured.
 *
 * @param {keyof typeof flavours} flavour
 */
export async function buildDesktop(flavour) {
  await step(
    `Building the desktop app (${flavour}; some minutes the first time)`,
    'cargo',
    ['build', '--release', '--locked', '-p', 'holdfast-desktop', ...flavours[flavour]],
    { cwd: at() },
  );
  const app = desktopApp(flavour);
  mkdirSync(dirname(app), { recursive: true });
  // Every flavour is built under one name: each is copied to a place of its own, or the next would replace it.
  copyFileSync(
    join(targetDirectory, 'release', app.endsWith('.exe') ? 'holdfast-desktop.exe' : 'holdfast-desktop'),
    app,
  );
  return app;
}

/** The page that runs the transport contract, in a window or a browser. */
export async function buildContractPage() {
  await step(
    'Bundling the page of the contract app',
    process.execPath,
    [at('e2e', 'contract-app', 'bundle.mjs')],
    { cwd: at() },
  );
}

/** The page of the example app. */
export async function buildEchoPage() {
  await step(
    'Bundling the page of the example app',
    process.execPath,
    [at('examples', 'echo-app', 'bundle.mjs')],
    { cwd: at() },
  );
}

/** The page of the benchmark's window. */
export async function buildBenchPage() {
  await step('Bundling the page of the benchmark', process.execPath, [at('bench', 'bundle.mjs')], {
    cwd: at(),
  });
}

/** The apps that tests and the benchmark open besides the desktop app, and the benchmark's load generator. */
export async function buildWindowApps() {
  await buildContractPage();
  await buildEchoPage();
  await buildBenchPage();
  // Together with the desktop app: alone they would want fewer features of shared crates, and compile them again.
  const packages = [
    'holdfast-contract-app',
    'echo-app',
    'holdfast-bench-app',
    'holdfast-bench-generator',
    'holdfast-desktop',
  ];
  await step(
    'Building the apps of the tests and the benchmark (some minutes the first time)',
    'cargo',
    ['build', '--release', '--locked', ...packages.flatMap((name) => ['-p', name])],
    { cwd: at() },
  );
}

/** The same app with Tauri's isolation pattern: a feature of Tauri, which is compiled once more for it. */
export async function buildIsolationApp() {
  await step(
    'Building the contract app with the isolation pattern',
    'cargo',
    ['build', '--release', '--locked', '-p', 'holdfast-isolation-app'],
    { cwd: at() },
  );
}

if (process.argv[1] !== undefined && import.meta.url === new URL(`file://${process.argv[1]}`).href) {
  await buildPage();
  await buildContractPage();
  if (process.argv.includes('--desktop')) await buildDesktop('plugin');
}
