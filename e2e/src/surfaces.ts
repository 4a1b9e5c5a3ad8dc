/**
 * Where the app runs: the desktop window over our plugin, the same window over the official plugin, and a browser.
 * A scenario is written once and runs on each.
 */
import { openChromium } from './chromium.js';
import { plainShell, type TestDaemon } from './daemon.js';
import { AppPage } from './page.js';
import { desktopApp, holdfastCommand, type Flavour } from './places.js';
import { openWindow, type TestWindow } from './window.js';

export type OpenApp = {
  readonly page: AppPage;
  /** The desktop window, where it is one. */
  readonly window?: TestWindow;
  end: () => Promise<void>;
};

export type Surface = {
  readonly name: string;
  /** What the app must choose there. */
  readonly transport: 'plugin' | 'tauri-websocket' | 'websocket';
  open: (daemon: TestDaemon, home: string) => Promise<OpenApp>;
};

/** Opens the desktop app in a flavour. `daemonUrl` points it at a server of the test's own; then it starts no daemon. */
export async function openDesktop(
  flavour: Flavour,
  home: string,
  options: { daemonUrl?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<OpenApp & { window: TestWindow }> {
  const window = await openWindow({
    binary: desktopApp(flavour),
    env: {
      ...plainShell,
      // WebKit keeps its storage below HOME: each run has a fresh one.
      HOME: `${home}/person`,
      XDG_DATA_HOME: `${home}/person/data`,
      XDG_CONFIG_HOME: `${home}/person/config`,
      XDG_CACHE_HOME: `${home}/person/cache`,
      HOLDFAST_HOME: home,
      HOLDFAST_COMMAND: holdfastCommand,
      ...(options.daemonUrl === undefined ? {} : { HOLDFAST_DAEMON_URL: options.daemonUrl }),
      ...options.env,
    },
  });
  return { page: new AppPage(`the desktop window (${flavour})`, window), window, end: () => window.end() };
}

const desktop = (flavour: Flavour, transport: Surface['transport']): Surface => ({
  name: `the desktop window, ${flavour}`,
  transport,
  open: (_daemon, home) => openDesktop(flavour, home),
});

export const chromiumSurface: Surface = {
  name: 'Chromium',
  transport: 'websocket',
  open: async (daemon) => {
    const browser = await openChromium(daemon.info.webUrl);
    return { page: new AppPage('Chromium', browser), end: () => browser.end() };
  },
};

export const desktopSurfaces: readonly Surface[] = [
  desktop('plugin', 'plugin'),
  desktop('option-a', 'tauri-websocket'),
];

/** Every place the app runs in. */
export const surfaces: readonly Surface[] = [...desktopSurfaces, chromiumSurface];
