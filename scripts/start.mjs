/**
 * `npm start`: installs what is missing, builds, starts the daemon, prints the web address as soon as that works,
 * and opens the desktop app. Without a display the app opens under a virtual one, and what was verified is printed.
 * `--check` does the same with a state directory of its own, exits 0 or 1, and leaves nothing running or on disk but
 * the build and the screenshot.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDesktop, buildPage } from './build.mjs';
import {
  checkNode,
  findRust,
  installNpmPackages,
  installSystemPackages,
  otherSystemNeeds,
} from './setup.mjs';
import { run, StepError } from './step.mjs';
import { at, holdfastCommand } from './workspace.mjs';

const check = process.argv.includes('--check');
/** `--port N` chooses the daemon's port, where none runs yet; a check takes a free one. */
const port = process.argv.includes('--port')
  ? process.argv[process.argv.indexOf('--port') + 1]
  : check
    ? '0'
    : undefined;
const temporary = check ? mkdtempSync(join(tmpdir(), 'holdfast-check-')) : undefined;
const env = {
  ...process.env,
  HOLDFAST_COMMAND: holdfastCommand,
  ...(temporary === undefined ? {} : { HOLDFAST_HOME: temporary }),
};

/** Calls the `holdfast` command and reads its JSON. */
async function holdfast(/** @type {string[]} */ ...args) {
  const { code, output } = await run(process.execPath, [holdfastCommand, ...args, '--json'], { env });
  let value;
  try {
    value = JSON.parse(output);
  } catch {
    throw new StepError(`holdfast ${args.join(' ')} ended with code ${String(code)}:\n${output}`);
  }
  if (code !== 0)
    throw new StepError(`${value.error?.message ?? output}\n${(value.error?.logLines ?? []).join('\n')}`);
  return value;
}

const hasDisplay = () =>
  process.platform !== 'linux' || Boolean(process.env['DISPLAY']) || Boolean(process.env['WAYLAND_DISPLAY']);

/** Undoes what this run started, newest first. */
const undo = /** @type {(() => unknown)[]} */ ([]);
/** @type {Promise<void> | undefined} */
let cleaning;
/** Once, however it is asked for: a signal and the end of the run wait for the same work. */
function cleanUp() {
  cleaning ??= undoAll();
  return cleaning;
}
async function undoAll() {
  for (const action of undo.splice(0).reverse()) {
    try {
      await action();
    } catch (error) {
      console.error(`while ending: ${String(error)}`);
    }
  }
}
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => void cleanUp().then(() => process.exit(signal === 'SIGINT' ? 130 : 143)));
}

/** Never resolves: a signal ends this run. */
function untilInterrupted() {
  return new Promise(() => setInterval(() => undefined, 1 << 30));
}

async function main() {
  checkNode();
  await installNpmPackages();
  await buildPage();

  if (temporary !== undefined)
    undo.push(() => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }));
  const daemon = await holdfast('daemon', 'start', ...(port === undefined ? [] : ['--port', port]));
  if (check) undo.push(() => holdfast('daemon', 'stop'));
  console.log(`\n  Holdfast in the browser: ${daemon.webUrl}\n`);

  const health = await fetch(new URL('api/health', daemon.webUrl), { signal: AbortSignal.timeout(10_000) });
  const page = await fetch(daemon.webUrl, { signal: AbortSignal.timeout(10_000) });
  if (health.ok && daemon.auth === 'token' && page.status === 401) {
    console.log('✓ the daemon answers; it asks for its token, which a browser has no way to show yet');
  } else if (health.ok && page.ok && (await page.text()).includes('<div id="root"')) {
    console.log('✓ the daemon answers and serves the web app');
  } else {
    throw new StepError(`The daemon at ${daemon.webUrl} does not serve the web app.`);
  }

  const rust = await findRust();
  if (!rust.found) {
    console.log(
      `\nThe desktop app is left out: ${rust.why}\nThe browser app works without it, at the address above.`,
    );
    if (check) throw new StepError('The desktop app could not be checked.');
    console.log('The daemon runs in the background; `npx holdfast daemon stop` ends it.');
    return;
  }
  const needs = otherSystemNeeds();
  if (needs !== '') console.log(needs);
  const visible = hasDisplay() && !check;
  try {
    await installSystemPackages({ window: !visible });
  } catch (error) {
    if (error instanceof StepError && !check)
      console.log(`\nThe browser app works already, at ${daemon.webUrl}. The desktop app does not yet:`);
    throw error;
  }
  const binary = await buildDesktop('plugin');

  if (visible) {
    console.log(
      'Opening the desktop app. Closing it leaves your terminals running; `npx holdfast daemon stop` ends them.',
    );
    const app = spawn(binary, [], { env, stdio: 'inherit' });
    const code = await new Promise((resolve, reject) => {
      app.once('error', reject);
      app.once('exit', resolve);
    });
    if (code !== 0) throw new StepError(`The desktop app ended with code ${String(code)}.`);
    return;
  }

  const { checkDesktop } = await import(new URL('../e2e/dist/check.js', import.meta.url).href);
  const status = await holdfast('daemon', 'status');
  const window = await checkDesktop({
    binary,
    env,
    home: status.home,
    wsUrl: status.wsUrl,
    screenshot: at('test-results', 'start.png'),
    say: (/** @type {string} */ sentence) => console.log(`✓ ${sentence}`),
  });
  undo.push(() => window.end());
  if (check) return;
  console.log(
    `\nServing ${daemon.webUrl} and a desktop window on a virtual display. Ctrl-C ends the window; the daemon and its terminals go on.`,
  );
  await untilInterrupted();
}

let failed = false;
try {
  await main();
} catch (error) {
  failed = true;
  console.error(
    `\n✗ ${error instanceof StepError ? error.message : String(error instanceof Error ? error.stack : error)}`,
  );
} finally {
  await cleanUp();
}
if (check) console.log(failed ? '\nThe check failed.' : '\nEverything works, and nothing was left running.');
process.exit(failed ? 1 : 0);
