/** Asks before several lines are pasted into a program that would run them one by one, and shows them. */
import { useRef, type ReactElement } from 'react';
import { Overlay } from './Overlay.js';

/** How much of the text is shown, in code units: enough to recognise it. */
const SHOWN = 4000;

type Props = {
  readonly text: string;
  readonly lines: number;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
  readonly onClosed: () => void;
};

export function PasteDialog(props: Props): ReactElement {
  const confirm = useRef<HTMLButtonElement>(null);
  const shown = props.text.length > SHOWN ? `${props.text.slice(0, SHOWN)}…` : props.text;
  return (
    <Overlay
      testId="paste-dialog"
      title={`Paste ${String(props.lines)} lines?`}
      description="The program in this terminal takes each line break for Enter, so the lines may run at once."
      initialFocus={confirm}
      onClose={props.onCancel}
      onClosed={props.onClosed}
      buttons={
        <>
          <button type="button" className="button" onClick={props.onCancel}>
            Cancel
          </button>
          <button
            ref={confirm}
            type="button"
            className="button button-primary"
            data-testid="paste-confirm"
            onClick={props.onConfirm}
          >
            Paste
          </button>
        </>
      }
    >
      <pre className="log" tabIndex={0} aria-label="The text to be pasted">
        {shown}
      </pre>
    </Overlay>
  );
}
