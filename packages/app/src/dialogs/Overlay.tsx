/**
 * The frame of every overlay: a title, a body, buttons. Escape closes it, and focus goes back to the terminal.
 */
import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactElement, ReactNode, RefObject } from 'react';
import './Overlay.css';

type Props = {
  readonly title: string;
  /** One sentence below the title, read out with it. */
  readonly description?: ReactNode;
  readonly children?: ReactNode;
  readonly buttons?: ReactNode;
  readonly wide?: boolean;
  readonly onClose: () => void;
  /** Called once the overlay has gone: gives the focus back. */
  readonly onClosed: () => void;
  /** What is focused first; the first control without it. */
  readonly initialFocus?: RefObject<HTMLElement | null>;
  readonly testId: string;
};

export function Overlay(props: Props): ReactElement {
  return (
    <Dialog.Root
      open
      onOpenChange={(open) => {
        if (!open) props.onClose();
      }}
    >
      <Dialog.Portal>
        <Dialog.Backdrop className="overlay-backdrop" />
        <Dialog.Popup
          className={props.wide === true ? 'overlay overlay-wide' : 'overlay'}
          data-testid={props.testId}
          {...(props.initialFocus === undefined ? {} : { initialFocus: props.initialFocus })}
          finalFocus={() => {
            props.onClosed();
            return false;
          }}
        >
          <header className="overlay-head">
            <Dialog.Title className="overlay-title">{props.title}</Dialog.Title>
            <Dialog.Close className="button-icon" aria-label="Close this overlay">
              <X className="icon" aria-hidden="true" />
            </Dialog.Close>
          </header>
          <div className="overlay-body">
            {props.description === undefined ? null : (
              <Dialog.Description className="overlay-description">{props.description}</Dialog.Description>
            )}
            {props.children}
          </div>
          {props.buttons === undefined ? null : <footer className="overlay-buttons">{props.buttons}</footer>}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
