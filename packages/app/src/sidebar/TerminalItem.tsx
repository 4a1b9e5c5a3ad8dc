/** One line of the list: the terminal's mark, title and place; rename and close on hover; renaming in its own place. */
import type { TerminalInfo } from '@holdfast/protocol';
import { MAX_TITLE_LENGTH } from '@holdfast/protocol';
import { Pencil, X } from 'lucide-react';
import { useEffect, useRef, useState, type ReactElement } from 'react';
import { shortPath, stateWords, subtitleOf, titleOf } from './terminal-words.js';

type Props = {
  readonly info: TerminalInfo;
  readonly home: string | null;
  readonly active: boolean;
  readonly unseen: { readonly output: boolean; readonly bell: boolean };
  readonly renaming: boolean;
  readonly onSelect: () => void;
  readonly onRename: () => void;
  /** The new title, or null where the person changed nothing. */
  readonly onRenamed: (title: string | null) => void;
  readonly onClose: () => void;
};

export function TerminalItem(props: Props): ReactElement {
  const { info, active, unseen, renaming } = props;
  const title = titleOf(info);
  const exited = info.state.kind === 'exited';
  const words = stateWords(info, unseen);
  const subtitle = subtitleOf(info, props.home);
  const mark = unseen.bell ? 'bell' : exited ? 'ended' : 'running';
  return (
    <li
      className="terminal-item"
      data-testid="terminal-item"
      data-terminal-id={info.terminalId}
      data-active={active ? 'true' : undefined}
      data-unread={unseen.output ? 'true' : undefined}
      data-ended={exited ? 'true' : undefined}
      data-needs-you={unseen.bell ? 'true' : undefined}
    >
      {renaming ? (
        <RenameField title={title} onDone={props.onRenamed} />
      ) : (
        <>
          <button
            type="button"
            className="terminal-item-select"
            aria-current={active ? 'true' : undefined}
            title={`${title} · ${shortPath(info.cwd, props.home)}`}
            onClick={props.onSelect}
            onDoubleClick={props.onRename}
          >
            <TerminalMark mark={mark} />
            <span className="terminal-item-title">{title}</span>
            <span className="terminal-item-place">{subtitle}</span>
            {words === '' ? null : <span className="visually-hidden">, {words}</span>}
          </button>
          <span className="terminal-item-actions">
            <button
              type="button"
              className="button-icon"
              aria-label={`Rename ${title}`}
              onClick={props.onRename}
            >
              <Pencil className="icon icon-small" aria-hidden="true" />
            </button>
            <button
              type="button"
              className="button-icon"
              aria-label={`Close ${title}`}
              onClick={props.onClose}
            >
              <X className="icon icon-small" aria-hidden="true" />
            </button>
          </span>
        </>
      )}
    </li>
  );
}

function TerminalMark({ mark }: { readonly mark: 'running' | 'ended' | 'bell' }): ReactElement {
  return (
    <svg className="terminal-mark" data-mark={mark} viewBox="0 0 10 10" aria-hidden="true">
      {mark === 'bell' ? <circle cx="5" cy="5" r="4.5" fill="currentColor" /> : null}
      {mark === 'running' ? <circle cx="5" cy="5" r="3" fill="currentColor" /> : null}
      {mark === 'ended' ? <path d="M1.5 5h7" stroke="currentColor" strokeWidth="2" /> : null}
    </svg>
  );
}

function RenameField(props: {
  readonly title: string;
  readonly onDone: (title: string | null) => void;
}): ReactElement {
  const [value, setValue] = useState(props.title);
  const field = useRef<HTMLInputElement>(null);
  /** Enter and Escape end the renaming, and the field's blur that follows must not end it again. */
  const done = useRef(false);
  const finish = (title: string | null): void => {
    if (done.current) return;
    done.current = true;
    props.onDone(title);
  };
  useEffect(() => {
    done.current = false;
    field.current?.focus();
    field.current?.select();
  }, []);
  const changed = (): string | null => (value.trim() === props.title ? null : value.trim());
  return (
    <input
      ref={field}
      className="field terminal-item-rename"
      data-testid="rename-field"
      aria-label={`New name of ${props.title}. Empty gives the name back to the program.`}
      value={value}
      maxLength={MAX_TITLE_LENGTH}
      spellCheck={false}
      onChange={(event) => {
        // A title holds no control characters (the protocol's rule): they come only from pasted text.
        setValue(event.target.value.replace(/\p{Cc}/gu, ''));
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key !== 'Enter' && event.key !== 'Escape') return;
        // The focus goes to the terminal now, and some engines would deliver the rest of this key there.
        event.preventDefault();
        finish(event.key === 'Enter' ? changed() : null);
      }}
      onBlur={() => {
        finish(changed());
      }}
    />
  );
}
