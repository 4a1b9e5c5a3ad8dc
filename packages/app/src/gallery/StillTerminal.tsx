/** A real emulator with a fixed text, in the place and the frame of a real terminal. */
import { useEffect, useRef, type ReactElement } from 'react';
import { createEmulator } from '../terminal/emulator.js';
import { gapMark, goneMark } from '../terminal/marks.js';
import { SizeHeader } from '../terminal/SizeHeader.js';
import { useSettings } from '../state/settings.js';
import '../terminal/TerminalView.css';

const COLS = 80;
const ROWS = 24;

const TEXT = [
  '\x1b[1;32mada@studio\x1b[0m:\x1b[1;34m~/work/holdfast\x1b[0m$ git status --short',
  ' \x1b[31mM\x1b[0m packages/app/src/tokens.css',
  ' \x1b[32mA\x1b[0m packages/app/src/keymap.ts',
  '\x1b[35m??\x1b[0m notes.md',
  '\x1b[1;32mada@studio\x1b[0m:\x1b[1;34m~/work/holdfast\x1b[0m$ npm test',
  '',
  ' \x1b[32m✓\x1b[0m protocol \x1b[90m(212 tests)\x1b[0m \x1b[33m1.2 s\x1b[0m',
  ' \x1b[32m✓\x1b[0m client \x1b[90m(148 tests)\x1b[0m \x1b[33m3.9 s\x1b[0m',
  ' \x1b[31m✗\x1b[0m server \x1b[90m(97 tests)\x1b[0m \x1b[36mterminal.kill ends the group\x1b[0m',
  '',
  '\x1b[1;32mada@studio\x1b[0m:\x1b[1;34m~/work/holdfast\x1b[0m$ echo 日本語 ✓ │ ─ ┌┐',
  '日本語 ✓ │ ─ ┌┐',
  '\x1b[1;32mada@studio\x1b[0m:\x1b[1;34m~/work/holdfast\x1b[0m$ ',
].join('\r\n');

type Props = { readonly kind: 'terminal' | 'sized-elsewhere' | 'gone' | 'exited' | 'gap' };

export function StillTerminal({ kind }: Props): ReactElement {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const parent = place.current;
    if (parent === null) return undefined;
    const terminal = createEmulator(useSettings.getState(), () => undefined);
    terminal.resize(COLS, ROWS);
    const host = document.createElement('div');
    host.className = 'terminal-host';
    parent.append(host);
    terminal.open(host);
    if (kind === 'gap') terminal.write(gapMark(1_400_000, ROWS));
    terminal.write(TEXT);
    if (kind === 'gone') {
      terminal.write(
        goneMark('This terminal ended with the daemon; only its last screen is kept here', null),
      );
    }
    terminal.write('', () => {
      if (kind === 'gap') terminal.scrollToTop();
      host.dataset['ready'] = 'true';
    });
    return () => {
      terminal.dispose();
      host.remove();
    };
  }, [kind]);
  return (
    <section className="terminal-view" data-testid="terminal" aria-label="Terminal">
      {kind === 'sized-elsewhere' ? (
        <SizeHeader size={{ cols: COLS, rows: ROWS }} onUse={() => undefined} />
      ) : null}
      <div
        ref={place}
        className="terminal-place"
        data-scrolls={kind === 'sized-elsewhere' ? 'true' : undefined}
      />
    </section>
  );
}
