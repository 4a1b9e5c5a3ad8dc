/** What stands where there is no terminal: what one is, and the button and the key that make one. */
import type { ReactElement } from 'react';

type Props = { readonly keyName: string; readonly canCreate: boolean; readonly onNew: () => void };

export function EmptyState({ keyName, canCreate, onNew }: Props): ReactElement {
  return (
    <section className="empty" data-testid="empty-state" aria-label="No terminals">
      <p>
        A terminal here goes on running when this window is closed, and is as you left it when you come back.
      </p>
      <button type="button" className="button button-primary" disabled={!canCreate} onClick={onNew}>
        New terminal
      </button>
      <p>
        or press <kbd className="key">{keyName}</kbd>
      </p>
    </section>
  );
}
