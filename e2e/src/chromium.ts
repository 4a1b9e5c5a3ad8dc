/** A real Chromium with an empty profile, driven by Playwright. */
import { chromium, type Browser, type Page } from 'playwright-core';
import { DEADLINE_MS } from './limits.js';
import type { Argument, PageDriver } from './page.js';
import { descendants } from './process-table.js';

export type TestBrowser = PageDriver & {
  readonly page: Page;
  readonly browser: Browser;
  end: () => Promise<void>;
};

/** Switches that keep the browser off the network and working as root in a container. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

export async function openChromium(
  url: string,
  options: { colorScheme?: 'dark' | 'light'; width?: number; height?: number } = {},
): Promise<TestBrowser> {
  const server = await chromium.launchServer({
    executablePath: process.env['HOLDFAST_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ARGUMENTS,
    headless: true,
  });
  const browser = await chromium.connect(server.wsEndpoint());
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1120, height: options.height ?? 720 },
    colorScheme: options.colorScheme ?? 'dark',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  await page.goto(url);
  return {
    page,
    browser,
    run: async <T>(body: string, ...args: readonly Argument[]): Promise<T> =>
      (await page.evaluate(
        ([text, values]) => {
          const make = (Object.getPrototypeOf(async () => Promise.resolve()) as { constructor: unknown })
            .constructor as new (
            parameters: string,
            body: string,
          ) => (...args: readonly Argument[]) => Promise<unknown>;
          return new make('...args', text)(...values);
        },
        [body, args] as const,
      )) as T,
    type: (text) => page.keyboard.type(text),
    press: (...keys) => page.keyboard.press(keys.join('+')),
    reload: async () => {
      await page.reload();
    },
    screenshot: async (path) => {
      await page.screenshot({ path });
    },
    processes: () => {
      const pid = server.process().pid;
      return pid === undefined ? Promise.resolve([]) : descendants(pid);
    },
    resize: (width, height) => page.setViewportSize({ width, height }),
    close: () => page.close(),
    end: async () => {
      await browser.close();
      await server.close();
    },
  };
}
