/**
 * Runs the window's commands from the keyboard, before the terminal sees the key. While an overlay is open, or a field
 * is being written in, keys belong to it.
 */
import { useEffect, useRef } from 'react';
import { commandOf, type Command } from './keymap.js';
import { platform, surface } from './surface.js';

/** Does a command; false leaves the key to the page, as if it were no command. */
export type CommandRunner = (command: Command) => boolean;

function belongsToField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('.xterm') !== null) return false;
  return target.matches('input, select, textarea') || target.closest('[role="dialog"]') !== null;
}

/** Commands about the text of the terminal: only where the terminal has the focus. */
const ABOUT_TEXT: ReadonlySet<Command['name']> = new Set(['shift-enter', 'paste']);

export function useCommands(run: CommandRunner): void {
  const runner = useRef(run);
  useEffect(() => {
    runner.current = run;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.isComposing || event.defaultPrevented || belongsToField(event.target)) return;
      const command = commandOf(event, platform, surface);
      if (command === null) return;
      const inTerminal = event.target instanceof HTMLElement && event.target.closest('.xterm') !== null;
      if (ABOUT_TEXT.has(command.name) && !inTerminal) return;
      if (!runner.current(command)) return;
      // The platform's own paste follows a paste key by itself and is what may read the clipboard.
      if (command.name !== 'paste') event.preventDefault();
      event.stopImmediatePropagation();
    };
    window.addEventListener('keydown', onKeyDown, { capture: true });
    return () => {
      window.removeEventListener('keydown', onKeyDown, { capture: true });
    };
  }, []);
}
