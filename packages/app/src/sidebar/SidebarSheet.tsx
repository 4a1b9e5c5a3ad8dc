/** The sidebar of a narrow window: a sheet over the terminal that Escape and a click beside it close. */
import { Dialog } from '@base-ui/react/dialog';
import type { ReactElement, ReactNode } from 'react';

type Props = { readonly children: ReactNode; readonly onClose: () => void; readonly onClosed: () => void };

export function SidebarSheet({ children, onClose, onClosed }: Props): ReactElement {
  return (
    <Dialog.Root
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Dialog.Portal>
        <Dialog.Backdrop className="overlay-backdrop" />
        <Dialog.Popup
          className="sheet"
          data-testid="sheet"
          aria-label="Terminals"
          finalFocus={() => {
            onClosed();
            return false;
          }}
        >
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
