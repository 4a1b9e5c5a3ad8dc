/**
 * The line at the bottom edge of the window: the state of the connection in words, what can be pressed, and what is
 * worth knowing (latency, bytes behind, the daemon's version). Always there, never over the terminal. A change of
 * state is announced once, politely; running numbers are not.
 */
import { useEffect, useRef, type ReactElement, type ReactNode } from 'react';
import { SHOW_BEHIND_BYTES } from '../limits.js';
import { bytesInWords } from './amounts.js';
import type { ConnectionNames, ConnectionView } from './connection-view.js';
import { ACTION_LABELS, statusOf, type StatusAction } from './status-sentences.js';
import { StatusMark } from './StatusMark.js';
import { useNow } from './useNow.js';
import './StatusLine.css';

/** A message of the moment with what can be done about it. A state of the connection is never one. */
export type Notice = {
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
  /** Takes the message away; without it, it stays as long as what it says is so. */
  readonly dismiss?: (() => void) | undefined;
};

type Props = {
  readonly view: ConnectionView;
  readonly names: ConnectionNames;
  readonly onAction: (action: StatusAction) => void;
  readonly notice: Notice | null;
  /** The daemon's version while connected. */
  readonly daemonVersion: string | null;
  /** Counts keystrokes that were refused: each raises it and shakes the line. */
  readonly refusals: number;
  /** Stands before the message: the way back to a hidden sidebar. */
  readonly leading?: ReactNode;
  /** Holds the clock still, for the gallery. */
  readonly fixedNowMs?: number | null;
};

/** States in which a notice may take the place of the sentence: nothing else is to be said. */
const SILENT = new Set(['connected', 'connecting-quiet']);

export function StatusLine(props: Props): ReactElement {
  const { view, names, onAction, notice, daemonVersion, refusals } = props;
  const nowMs = useNow(view, props.fixedNowMs ?? null);
  const status = statusOf(view, names, nowMs);
  const line = useRef<HTMLElement>(null);

  useEffect(() => {
    if (refusals === 0) return;
    const element = line.current;
    if (element === null) return;
    element.classList.remove('status-line-shake');
    // Reading the layout between the two makes the animation start anew.
    element.getBoundingClientRect();
    element.classList.add('status-line-shake');
  }, [refusals]);

  const showNotice = notice !== null && SILENT.has(status.state);
  const behind = view.kind === 'connected' ? view.behindBytes : 0;
  return (
    <footer
      ref={line}
      className="status-line"
      data-testid="status-line"
      data-state={status.state}
      data-tone={status.tone}
      aria-label="Connection"
    >
      {props.leading}
      <div className="status-line-message">
        <StatusMark tone={status.tone} />
        <span className="status-line-sentence" data-testid="status-sentence">
          {showNotice ? notice.text : status.sentence}
        </span>
        {status.state === 'connected' && !showNotice ? (
          <span className="visually-hidden">Connected</span>
        ) : null}
        <span className="visually-hidden" role="status" data-testid="status-announcement">
          {showNotice ? notice.text : status.announcement}
        </span>
      </div>
      <div className="status-line-actions">
        {showNotice ? (
          <>
            {notice.action === undefined ? null : (
              <button type="button" className="button-line" onClick={notice.action.run}>
                {notice.action.label}
              </button>
            )}
            {notice.dismiss === undefined ? null : (
              <button type="button" className="button-line button-line-quiet" onClick={notice.dismiss}>
                Dismiss
              </button>
            )}
          </>
        ) : (
          status.actions.map((action, index) => (
            <button
              key={action}
              type="button"
              className={index === 0 ? 'button-line' : 'button-line button-line-quiet'}
              data-action={action}
              onClick={() => {
                onAction(action);
              }}
            >
              {ACTION_LABELS[action]}
            </button>
          ))
        )}
      </div>
      <div className="status-line-facts">
        {behind >= SHOW_BEHIND_BYTES ? (
          <span data-testid="status-behind">{bytesInWords(behind)} behind</span>
        ) : null}
        {status.latency === null ? null : (
          <span
            className={
              status.latency.always ? 'status-line-latency' : 'status-line-latency status-line-on-hover'
            }
            data-testid="status-latency"
          >
            {String(status.latency.ms)} ms
          </span>
        )}
        {daemonVersion === null ? null : (
          <span className="status-line-version" title={`Version of the daemon at ${names.daemon}`}>
            {names.daemon} · {daemonVersion}
          </span>
        )}
      </div>
    </footer>
  );
}
