/**
 * What `npm start` verifies where nobody can look: it opens the desktop app's real window, types into its
 * shell, and reads the answer from the screen. Each thing verified is one line.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readLog } from './daemon.js';
import { AppPage } from './page.js';
import { until } from './until.js';
import { openWindow, type TestWindow } from './window.js';

export type Verified = { readonly what: string };

/**
 * Opens the window and verifies it; the window stays open for the caller to end. `say` is told each verified
 * sentence as soon as it is true. Throws with the sentence that was not.
 */
export async function checkDesktop(options: {
  binary: string;
  env: NodeJS.ProcessEnv;
  /** The state directory of the daemon that the window finds. */
  home: string;
  /** The daemon's own address, which the page must not reach by itself. */
  wsUrl: string;
  /** Where the screenshot goes. */
  screenshot: string;
  say: (sentence: string) => void;
}): Promise<TestWindow> {
  const window = await openWindow({ binary: options.binary, env: options.env });
  try {
    const page = new AppPage('the desktop window', window);
    const origin = await until('the page is there', () => window.run<string>('return location.origin'));
    if (origin !== 'tauri://localhost') throw new Error(`the page's origin is ${origin}`);
    await page.ready();
    options.say('the desktop window shows a shell, over the page origin tauri://localhost');
    await page.typeLine('echo $((6*7))');
    await page.screenShows(/^42$/m);
    options.say('`echo $((6*7))` typed into it answers 42');
    const violation = await window.run<string>(
      `return new Promise((resolve) => {
        document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true });
        // Some engines throw beside reporting the violation; the report is what is waited for.
        try { new WebSocket(args[0]).onopen = () => resolve('opened'); } catch {}
      })`,
      options.wsUrl,
    );
    if (!violation.startsWith('connect-src'))
      throw new Error(`the page's own WebSocket was not blocked: ${violation}`);
    options.say('a WebSocket opened by the page itself is blocked by its content security policy');
    const accepted = (await readLog(options.home)).filter((line) => line['event'] === 'connection.accepted');
    const last = accepted.at(-1);
    if (last === undefined || (last['origin'] ?? null) !== null)
      throw new Error(`the daemon's log shows ${JSON.stringify(last)}`);
    options.say("the daemon's log shows the connection without an Origin");
    await mkdir(join(options.screenshot, '..'), { recursive: true });
    await window.screenshot(options.screenshot);
    options.say(`screenshot: ${options.screenshot}`);
    return window;
  } catch (error) {
    await window.screenshot(options.screenshot).catch(() => {
      // The window may be gone; the error itself says what happened.
    });
    await window.end();
    throw error;
  }
}
