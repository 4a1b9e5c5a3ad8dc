/**
 * The real WebKitGTK window of a Tauri app, driven by WebDriver (WebKitWebDriver), on a display and a D-Bus session
 * of its own: two windows under test never share a single-instance lock or a clipboard.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as timeout } from 'node:timers/promises';
import { remote, type Browser } from 'webdriverio';
import { virtualDisplay, type Display } from './display.js';
import { freePort } from './free-port.js';
import { DEADLINE_MS, WINDOW_DEADLINE_MS } from './limits.js';
import type { Argument, PageDriver } from './page.js';
import { start, type Running } from './process.js';
import { descendants } from './process-table.js';
import { until } from './until.js';

export type WindowOptions = {
  /** The app. */
  binary: string;
  args?: readonly string[];
  env: NodeJS.ProcessEnv;
  /** A display that is already there; without it, one is started for this window. */
  display?: string;
};

export type TestWindow = PageDriver & {
  readonly browser: Browser;
  /** Process id of the app. */
  readonly appPid: number;
  readonly display: string;
  /** Environment the app runs in, with its display and D-Bus session. */
  environment: () => Promise<NodeJS.ProcessEnv>;
  /** What the app and the driver wrote. */
  output: () => string;
  /** Ends the app, the driver and the display. */
  end: () => Promise<void>;
};

const KEYS: Readonly<Record<string, string>> = {
  Enter: '\uE007',
  Tab: '\uE004',
  Escape: '\uE00C',
  Backspace: '\uE003',
  Shift: '\uE008',
  Control: '\uE009',
  Alt: '\uE00A',
  Meta: '\uE03D',
  F2: '\uE032',
};
const keyOf = (name: string): string => KEYS[name] ?? name;

/** Opens the app's window and waits until its page is there. */
export async function openWindow(options: WindowOptions): Promise<TestWindow> {
  const display: Display =
    options.display === undefined
      ? await virtualDisplay()
      : { name: options.display, end: () => Promise.resolve() };
  const port = await freePort();
  let driver: Running | undefined;
  try {
    driver = await start(
      'dbus-run-session',
      ['--', 'WebKitWebDriver', `--port=${String(port)}`, '--host=127.0.0.1'],
      {
        env: {
          ...process.env,
          ...options.env,
          DISPLAY: display.name,
          GDK_BACKEND: 'x11',
          TAURI_WEBVIEW_AUTOMATION: 'true',
          // No GPU under a virtual display: WebKit's own software way, without a warning for each frame.
          LIBGL_ALWAYS_SOFTWARE: '1',
          NO_AT_BRIDGE: '1',
        },
      },
    );
    const running = driver;
    await until(
      'WebKitWebDriver answers',
      async () => (await fetch(`http://127.0.0.1:${String(port)}/status`)).ok,
    );
    const browser = await remote({
      hostname: '127.0.0.1',
      port,
      logLevel: 'error',
      connectionRetryTimeout: WINDOW_DEADLINE_MS,
      connectionRetryCount: 0,
      capabilities: {
        'wdio:enforceWebDriverClassic': true,
        'webkitgtk:browserOptions': { binary: options.binary, args: [...(options.args ?? [])] },
      } as WebdriverIO.Capabilities,
    });
    await browser.setTimeout({ script: WINDOW_DEADLINE_MS });
    const appPid = await until('the app runs', () => childWithBinary(running.pid, options.binary));
    const environment = async (): Promise<NodeJS.ProcessEnv> => {
      const block = await readFile(`/proc/${String(appPid)}/environ`, 'utf8');
      return Object.fromEntries(
        block
          .split('\0')
          .filter((entry) => entry.includes('='))
          .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
      );
    };
    let closed = false;
    let hung = false;
    const window: TestWindow = {
      browser,
      appPid,
      display: display.name,
      environment,
      output: () => running.output(),
      run: async <T>(body: string, ...args: readonly Argument[]): Promise<T> => {
        // WebDriver gives back a value or an error object; the body may be async.
        const script = `const done = arguments[arguments.length - 1];
          const args = Array.prototype.slice.call(arguments, 0, -1);
          (async function () { ${body} }).apply(null, args).then(
            (value) => done({ value: value === undefined ? null : value }),
            (error) => done({ thrown: String(error) + "\\n" + String(error && error.stack) }));`;
        const result = (await browser.executeAsyncScript(script, [...args])) as {
          value?: T;
          thrown?: string;
        };
        if (result.thrown !== undefined) throw new Error(`in the page: ${result.thrown}`);
        return result.value as T;
      },
      type: async (text) => {
        const actions = Array.from(text).flatMap((value) => [
          { type: 'keyDown', value },
          { type: 'keyUp', value },
        ]);
        await browser.performActions([{ type: 'key', id: 'keyboard', actions }]);
      },
      press: async (...keys) => {
        const values = keys.map(keyOf);
        await browser.performActions([
          {
            type: 'key',
            id: 'keyboard',
            actions: [
              ...values.map((value) => ({ type: 'keyDown', value })),
              ...values.reverse().map((value) => ({ type: 'keyUp', value })),
            ],
          },
        ]);
        await browser.releaseActions();
      },
      reload: async () => {
        await browser.refresh();
      },
      screenshot: async (path) => {
        // Two frames: what the document says now has then been painted.
        await window.run(
          'return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
        );
        await writeFile(path, Buffer.from(await browser.takeScreenshot(), 'base64'));
      },
      processes: () => descendants(appPid),
      resize: async (width, height) => {
        await browser.setWindowRect(null, null, width, height);
      },
      close: async () => {
        closed = true;
        try {
          await browser.closeWindow();
        } catch (error) {
          // The driver's library takes the end of the last window for a mistake; here it is the point.
          if (!String(error).includes('All window handles were removed')) throw error;
        }
      },
      end: async () => {
        if (!closed) {
          closed = true;
          const ended = browser.deleteSession().catch(() => {
            // The app may have ended by itself; ending the processes below does the rest.
          });
          // An app that hangs while it closes is ended by force below, and its test says so.
          hung = await Promise.race([ended.then(() => false), timeout(DEADLINE_MS, true, { ref: false })]);
        }
        await running.end();
        await display.end();
        if (hung) throw new Error(`${options.binary} hung while its window was closed`);
      },
    };
    return window;
  } catch (error) {
    const output = driver?.output() ?? '';
    await driver?.end();
    await display.end();
    throw new Error(`${options.binary} could not be opened: ${String(error)}\n${output.slice(-4000)}`, {
      cause: error,
    });
  }
}

async function childWithBinary(ancestor: number, binary: string): Promise<number | undefined> {
  for (const pid of await descendants(ancestor)) {
    try {
      const line = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8');
      if (line.split('\0')[0] === binary) return pid;
    } catch {
      // It ended while we looked.
    }
  }
  return undefined;
}
