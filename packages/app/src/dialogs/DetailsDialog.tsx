/** The technical cause of the connection's state: code, address, times, and the last log lines, ready to copy. */
import { useRef, useState, type ReactElement } from 'react';
import { readableLogLine } from '../connection/log-line.js';
import { copyText } from '../terminal/clipboard.js';
import { Overlay } from './Overlay.js';

export type Fact = { readonly name: string; readonly value: string };

type Props = {
  readonly title: string;
  readonly facts: readonly Fact[];
  /** Null where there is no log to show; empty while it is being read. */
  readonly log: readonly string[] | null;
  readonly onClose: () => void;
  readonly onClosed: () => void;
};

export function DetailsDialog({ title, facts, log, onClose, onClosed }: Props): ReactElement {
  const [copied, setCopied] = useState<'no' | 'yes' | 'failed'>('no');
  const copy = useRef<HTMLButtonElement>(null);
  const lines = (log ?? []).map(readableLogLine);
  const text = [...facts.map(({ name, value }) => `${name}: ${value}`), ...lines].join('\n');
  return (
    <Overlay
      testId="details"
      title={title}
      wide
      initialFocus={copy}
      onClose={onClose}
      onClosed={onClosed}
      buttons={
        <button
          ref={copy}
          type="button"
          className="button"
          onClick={() => {
            void copyText(text).then((worked) => {
              setCopied(worked ? 'yes' : 'failed');
            });
          }}
        >
          <span role="status">
            {copied === 'yes' ? 'Copied' : copied === 'failed' ? 'The clipboard is not allowed here' : 'Copy'}
          </span>
        </button>
      }
    >
      {facts.length === 0 ? null : (
        <dl className="facts">
          {facts.map(({ name, value }) => (
            <div key={name} className="fact">
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {log === null ? null : (
        <pre className="log" tabIndex={0} aria-label="Last lines of the daemon's log">
          {log.length === 0 ? 'The log has no lines.' : lines.join('\n')}
        </pre>
      )}
    </Overlay>
  );
}
