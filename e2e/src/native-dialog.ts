/**
 * A dialog that the system draws over a window, found and used as a person does: by looking at the display, by mouse
 * and by keyboard. WebDriver sees pages only; this is `xdotool` on the X display.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { until } from './until.js';

const run = promisify(execFile);

/** The dialog's buttons, from left to right, with the letter that presses each together with Alt. */
const BUTTONS = { "Don't allow": 'd', 'Allow once': 'o', 'Always allow': 'a' } as const;
export type DialogButton = keyof typeof BUTTONS;

/** Distance of the middle of the buttons from the lower edge of the dialog, in pixels. */
const BUTTON_ROW = 17;

/** The dialogs with one title on one display. */
export class NativeDialogs {
  constructor(
    private readonly display: string,
    private readonly title: string,
  ) {}

  /** Window ids of those that are visible. */
  async visible(): Promise<string[]> {
    try {
      return lines(await this.#xdotool('search', '--onlyvisible', '--name', `^${this.title}$`));
    } catch (error) {
      // It ends with 1 where nothing is found.
      if (error instanceof Error && 'code' in error && error.code === 1) return [];
      throw error;
    }
  }

  /** Waits until one is there. */
  async shown(): Promise<string> {
    return until('a dialog is shown', async () => (await this.visible())[0]);
  }

  /** Waits until none is there. */
  async gone(): Promise<void> {
    await until('no dialog is shown', async () => (await this.visible()).length === 0);
  }

  /** Clicks a button until the dialog goes: the buttons that allow something take no click in the first second. */
  async click(button: DialogButton): Promise<void> {
    const dialog = await this.shown();
    const place = Object.keys(BUTTONS).indexOf(button);
    await until(`a click on "${button}" closes the dialog`, async () => {
      if (!(await this.visible()).includes(dialog)) return true;
      const geometry = await this.#xdotool('getwindowgeometry', '--shell', dialog);
      const width = Number(/^WIDTH=(\d+)$/m.exec(geometry)?.[1]);
      const height = Number(/^HEIGHT=(\d+)$/m.exec(geometry)?.[1]);
      const x = Math.round((width * (place + 0.5)) / Object.keys(BUTTONS).length);
      await this.#xdotool(
        ...['mousemove', '--window', dialog, String(x), String(height - BUTTON_ROW)],
        ...['click', '1'],
      );
      return false;
    });
  }

  /** Presses a button by its letter until the dialog goes: see {@link NativeDialogs.click}. */
  async pressLetter(button: DialogButton): Promise<void> {
    const dialog = await this.shown();
    await until(`the letter of "${button}" closes the dialog`, async () => {
      if (!(await this.visible()).includes(dialog)) return true;
      await this.#key(dialog, `alt+${BUTTONS[button]}`);
      return false;
    });
  }

  /** Presses a key in the dialog, once, and waits until it goes: a second press would reach the window below. */
  async press(key: string): Promise<void> {
    await this.#key(await this.shown(), key);
    await this.gone();
  }

  /** Waits until a window manager is at work on the display. */
  async managed(): Promise<void> {
    await until('there is a window manager', async () => (await this.#xdotool('get_desktop')) !== '');
  }

  async #key(dialog: string, key: string): Promise<void> {
    // Nobody else gives it the focus where there is no window manager.
    await this.#xdotool('windowfocus', '--sync', dialog, 'key', key);
  }

  async #xdotool(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('xdotool', args, { env: { ...process.env, DISPLAY: this.display } });
    return stdout;
  }
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
