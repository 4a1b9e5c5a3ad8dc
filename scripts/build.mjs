/**
 * Builds the parts: TypeScript by project references, the page by Vite, and the desktop app in a flavour.
 * What has not changed is not built again; the compilers themselves decide that.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { step } from './step.mjs';
import { keepIfUnchanged } from './unchanged.mjs';
import { at, desktopApp, flavours, targetDirectory } from './workspace.mjs';

const bin = (/** @type {string} */ name) => at('node_modules', '.bin', name);

/** Protocol, client, daemon, command, guest library and page. */
export async function buildPage() {
  await step('Compiling TypeScript', bin('tsc'), ['-b'], { cwd: at() });
  await keepIfUnchanged(at('packages', 'app', 'dist'), () =>
    step('Building the page', bin('vite'), ['build', '--logLevel', 'warn'], { cwd: at('packages', 'app') }),
  );
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

/** One of the small pages that only tests, the example and the benchmark show. */
const bundle = (/** @type {string} */ what, /** @type {string[]} */ place, /** @type {string[]} */ dist) =>
  keepIfUnchanged(at(...dist), () =>
    step(`Bundling the page of the ${what}`, process.execPath, [at(...place, 'bundle.mjs')], { cwd: at() }),
  );

/** The pages of the contract app, the example app and the benchmark. */
export async function buildSmallPages() {
  await bundle('contract app', ['e2e', 'contract-app'], ['e2e', 'contract-app', 'dist']);
  await bundle('example app', ['examples', 'echo-app'], ['examples', 'echo-app', 'dist']);
  await bundle('benchmark', ['bench'], ['bench', 'app', 'dist']);
}

/** The apps that tests and the benchmark open besides the desktop app, and the benchmark's load generator. */
export async function buildWindowApps() {
  await buildSmallPages();
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
  await buildSmallPages();
  if (process.argv.includes('--desktop')) await buildDesktop('plugin');
}
