/**
 * A page under test, whichever window it is in: run a script in it, press keys, take its picture. Scenarios are
 * written against this and run in the WebKit window and in Chromium alike.
 */
import type { ConnectionSnapshot, ScreenSnapshot } from './diagnostics.js';
import { until } from './until.js';

/** What can be handed to a script in the page. */
export type Argument = string | number | boolean | null;

/** What a window offers to a test. */
export type PageDriver = {
  /** Runs the body of an async function in the page and returns its JSON-able result. */
  run: <T>(body: string, ...args: readonly Argument[]) => Promise<T>;
  /** Types text into what has the focus, key by key. */
  type: (text: string) => Promise<void>;
  /** Presses one key with modifiers held, e.g. `press('Control', 'c')`. The last is the key. */
  press: (...keys: readonly string[]) => Promise<void>;
  reload: () => Promise<void>;
  screenshot: (path: string) => Promise<void>;
  /** Process ids that belong to this window or browser, for memory figures. */
  processes: () => Promise<number[]>;
  resize: (width: number, height: number) => Promise<void>;
  /** Closes the window as a person would. */
  close: () => Promise<void>;
};

/** The Holdfast app in a page under test. */
export class AppPage {
  constructor(
    readonly name: string,
    readonly driver: PageDriver,
  ) {}

  connection(): Promise<ConnectionSnapshot> {
    return this.driver.run('return window.__holdfast.connection()');
  }

  /** What carries the frames: `plugin`, `tauri-websocket` or `websocket`. */
  transportKind(): Promise<string> {
    return this.driver.run('return window.__holdfast.transport()');
  }

  /** Text of the screen with its scrollback, of the terminal that is shown. */
  screenText(): Promise<string> {
    return this.driver.run('return window.__holdfast.getScreenText()');
  }

  /** The shown terminal: its size, what fits this window, whether this window was used last; null where none is. */
  screen(): Promise<ScreenSnapshot | null> {
    return this.driver.run('return window.__holdfast.getScreen()');
  }

  /** What fits this window, as `80x24`, once the shown terminal has that size and no other was asked for. */
  async ownSize(): Promise<string> {
    return until(
      `the terminal has the size of ${this.name}`,
      async () => {
        const { fit, size, asked } = (await this.screen())?.size ?? {};
        if (!fit || !size || asked) return false;
        return fit.cols === size.cols && fit.rows === size.rows && `${String(fit.cols)}x${String(fit.rows)}`;
      },
      { lastSeen: () => this.screen() },
    );
  }

  /** The sentence in the status line. */
  statusText(): Promise<string> {
    return this.driver.run(`return document.querySelector('[data-testid=status-line]')?.innerText ?? ''`);
  }

  statusState(): Promise<string> {
    return this.driver.run(`return document.querySelector('[data-testid=status-line]')?.dataset.state ?? ''`);
  }

  /** Ids of the terminals in the sidebar. */
  terminalIds(): Promise<string[]> {
    return this.driver.run(
      `return [...document.querySelectorAll('[data-testid=terminal-item]')].map((item) => item.dataset.terminalId)`,
    );
  }

  focusTerminal(): Promise<void> {
    return this.driver.run(`document.querySelector('.xterm-helper-textarea')?.focus()`);
  }

  async connected(): Promise<void> {
    await until(`${this.name} is connected`, async () => (await this.statusState()) === 'connected', {
      lastSeen: () => this.statusText(),
    });
  }

  /** Connected, and a shell has written its prompt. */
  async ready(): Promise<void> {
    await this.connected();
    await until(
      `${this.name} shows a prompt`,
      async () => /[$#%>] ?\s*$/.test((await this.screenText()).trimEnd() + ' '),
      {
        lastSeen: () => this.screenText(),
      },
    );
    await this.focusTerminal();
  }

  async screenShows(what: string | RegExp, deadlineMs?: number): Promise<string> {
    return until(
      `${this.name} shows ${String(what)}`,
      async () => {
        const text = await this.screenText();
        return (typeof what === 'string' ? text.includes(what) : what.test(text)) && text;
      },
      {
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
        lastSeen: async () => (await this.screenText()).slice(-2000),
      },
    );
  }

  /** Types a line into the shell and presses Enter. */
  async typeLine(line: string): Promise<void> {
    await this.focusTerminal();
    await this.driver.type(line);
    await this.driver.press('Enter');
  }
}
