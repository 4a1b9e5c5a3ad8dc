/**
 * Finds what this machine lacks and installs what it may: npm packages always, Debian packages as root or by
 * `sudo -n`. What it may not install it names in one command. Quick when nothing is missing: it asks, it does
 * not remember, so that no record of an earlier run can hide a missing step.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { homedir } from 'node:os';
import { run, step, StepError } from './step.mjs';
import { at } from './workspace.mjs';

/** Oldest Node that everything here runs on. */
const NODE = [20, 19];
/** Oldest Rust that the desktop app builds with. */
const RUST = [1, 90];

/** What Tauri needs to build on Debian and its descendants. */
const DESKTOP_PACKAGES = [
  'build-essential',
  'pkg-config',
  'libwebkit2gtk-4.1-dev',
  'libayatana-appindicator3-dev',
  'librsvg2-dev',
  'libssl-dev',
];
/** What it takes to run and drive the window without a display. */
const WINDOW_PACKAGES = ['webkit2gtk-driver', 'xvfb', 'xauth', 'dbus-x11'];
/**
 * What the tests use besides: a browser, programs that draw full screens, a hand for the system's own dialogs, and a
 * keyring to keep a credential in.
 */
const TEST_PACKAGES = ['chromium', 'vim', 'curl', 'xdotool', 'openbox', 'gnome-keyring'];

const RUST_COMMAND =
  process.platform === 'win32'
    ? 'winget install Rustlang.Rustup'
    : "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y";

const atLeast = (/** @type {string} */ version, /** @type {number[]} */ [major, minor]) => {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > (major ?? 0) || (a === major && b >= (minor ?? 0));
};

/** Throws where this Node is too old. */
export function checkNode() {
  if (!atLeast(process.versions.node, NODE)) {
    throw new StepError(
      `Holdfast needs Node ${NODE.join('.')} or later, and this is ${process.versions.node}. Install it from https://nodejs.org/.`,
    );
  }
}

/** Installs the npm packages where the lock file has changed since they were installed, or they are not there. */
export async function installNpmPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(at('package-lock.json')))
    .digest('hex');
  const record = at('node_modules', '.holdfast-lock');
  if (
    existsSync(record) &&
    readFileSync(record, 'utf8') === lock &&
    existsSync(at('node_modules', '.bin', 'tsc'))
  )
    return;
  await step('Installing npm packages', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: at(),
  });
  writeFileSync(record, lock);
}

/**
 * Throws where the parts of Rust that check its form are missing: a minimal toolchain has neither.
 */
export async function checkRustTools() {
  for (const [tool, component] of /** @type {const} */ ([
    ['fmt', 'rustfmt'],
    ['clippy', 'clippy'],
  ])) {
    const { code } = await run('cargo', [tool, '--version'], { cwd: at() });
    if (code !== 0)
      throw new StepError(
        `Rust's ${component} is not installed. Run:\n\n    rustup component add rustfmt clippy\n`,
      );
  }
}

/** Whether a Rust that is new enough is there; puts rustup's own place on `PATH` where it is not yet. */
export async function findRust() {
  const cargoBin = join(process.env['CARGO_HOME'] ?? join(homedir(), '.cargo'), 'bin');
  if (!(process.env['PATH'] ?? '').split(delimiter).includes(cargoBin)) {
    process.env['PATH'] = `${process.env['PATH'] ?? ''}${delimiter}${cargoBin}`;
  }
  try {
    const [rustc, cargo] = await Promise.all([
      run('rustc', ['--version'], { cwd: at() }),
      run('cargo', ['--version'], { cwd: at() }),
    ]);
    const version = /rustc (\d+\.\d+)/.exec(rustc.output)?.[1];
    if (rustc.code !== 0 || cargo.code !== 0 || version === undefined)
      return { found: false, why: `Rust is not installed. Install it with:\n\n    ${RUST_COMMAND}\n` };
    if (!atLeast(version, RUST))
      return {
        found: false,
        why: `Rust ${version} is too old: the desktop app needs ${RUST.join('.')} or later. Run:\n\n    rustup update stable\n`,
      };
    return { found: true, why: '' };
  } catch {
    // The command itself is not there.
    return { found: false, why: `Rust is not installed. Install it with:\n\n    ${RUST_COMMAND}\n` };
  }
}

/**
 * Makes sure that the system's own packages are there. `window` asks for what a run without a display needs, `tests`
 * for what the tests use.
 *
 * @param {{ window?: boolean, tests?: boolean }} [what]
 */
export async function installSystemPackages(what = {}) {
  if (process.platform !== 'linux') return;
  const wanted = [
    ...DESKTOP_PACKAGES,
    ...(what.window === true || what.tests === true ? WINDOW_PACKAGES : []),
    ...(what.tests === true ? TEST_PACKAGES : []),
  ];
  if (!existsSync('/usr/bin/dpkg-query')) {
    const { code } = await run('pkg-config', ['--exists', 'webkit2gtk-4.1']).catch(() => ({ code: 1 }));
    if (code === 0) return;
    throw new StepError(
      'The desktop app needs WebKitGTK 4.1 and its development files. Install them:\n\n' +
        '    Fedora:  sudo dnf install webkit2gtk4.1-devel libappindicator-gtk3-devel librsvg2-devel openssl-devel\n' +
        '    Arch:    sudo pacman -S --needed webkit2gtk-4.1 libappindicator-gtk3 librsvg base-devel\n' +
        '    openSUSE: sudo zypper install webkit2gtk3-devel libappindicator3-1 librsvg-devel libopenssl-devel\n',
    );
  }
  const missing = await missingDebianPackages(wanted);
  if (missing.length === 0) return;
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  const asRoot =
    process.getuid?.() === 0
      ? []
      : (await run('sudo', ['-n', 'true']).catch(() => ({ code: 1 }))).code === 0
        ? ['sudo', '-n']
        : undefined;
  if (asRoot === undefined) {
    throw new StepError(
      `Debian packages are missing, and installing them needs root. Run:\n\n    sudo apt-get update && sudo ${install.join(' ')}\n`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const privileged = (/** @type {string} */ title, /** @type {string[]} */ words) => {
    const [command = '', ...args] = [...asRoot, ...words];
    return step(title, command, args, { env });
  };
  await privileged('Reading the list of Debian packages', ['apt-get', 'update', '-qq']);
  await privileged(`Installing ${missing.join(' ')}`, install);
}

/** @param {string[]} wanted */
async function missingDebianPackages(wanted) {
  const { output } = await run('dpkg-query', ['-W', '-f=${binary:Package} ${db:Status-Status}\n', ...wanted]);
  const installed = new Set(
    output
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => (line.split(' ')[0] ?? '').replace(/:.*$/, '')),
  );
  return wanted.filter((name) => !installed.has(name));
}

/** What Tauri needs on a system whose packages are not ours to install, in words. */
export function otherSystemNeeds() {
  if (process.platform === 'darwin')
    return 'The desktop app needs the Xcode command line tools: xcode-select --install';
  if (process.platform === 'win32')
    return 'The desktop app needs the Microsoft C++ Build Tools and WebView2 (part of Windows 11).';
  return '';
}

if (process.argv[1] !== undefined && import.meta.url === new URL(`file://${process.argv[1]}`).href) {
  try {
    checkNode();
    await installNpmPackages();
    const rust = await findRust();
    if (!rust.found) throw new StepError(rust.why);
    await installSystemPackages({ tests: true });
    const needs = otherSystemNeeds();
    if (needs !== '') console.log(needs);
    console.log('Everything is there.');
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
