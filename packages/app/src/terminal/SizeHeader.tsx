/** Says that another window has set the terminal's size, and offers this window's. */
import type { ReactElement } from 'react';
import type { Size } from './size-policy.js';

type Props = { readonly size: Size; readonly onUse: () => void };

export function SizeHeader({ size, onUse }: Props): ReactElement {
  return (
    <header className="terminal-header" data-testid="size-header">
      <span>
        {String(size.cols)} × {String(size.rows)}, sized by another window
      </span>
      <button type="button" className="button-line" onClick={onUse}>
        Use this window’s size
      </button>
    </header>
  );
}
