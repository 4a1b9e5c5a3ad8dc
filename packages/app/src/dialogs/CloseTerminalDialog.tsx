/** Asks before a terminal with a running program is closed, and names the program. */
import { useRef, type ReactElement } from 'react';
import { Overlay } from './Overlay.js';

type Props = {
  readonly title: string;
  readonly program: string;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
  readonly onClosed: () => void;
};

export function CloseTerminalDialog(props: Props): ReactElement {
  const keep = useRef<HTMLButtonElement>(null);
  return (
    <Overlay
      testId="close-dialog"
      title={`Close “${props.title}”?`}
      description={
        <>
          <strong>{props.program}</strong> is running in it and will be ended. What it has not saved is lost.
        </>
      }
      initialFocus={keep}
      onClose={props.onCancel}
      onClosed={props.onClosed}
      buttons={
        <>
          <button ref={keep} type="button" className="button" onClick={props.onCancel}>
            Keep it
          </button>
          <button
            type="button"
            className="button button-danger"
            data-testid="close-confirm"
            onClick={props.onConfirm}
          >
            End {props.program} and close
          </button>
        </>
      }
    />
  );
}
