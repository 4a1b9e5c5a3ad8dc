/**
 * Puts a session's screen into the page: the terminal itself, and a thin header only while another window has set its
 * size. React owns the frame; the session owns everything inside it.
 */
import {
  useEffect,
  useLayoutEffect,
  useRef,
  useSyncExternalStore,
  type ReactElement,
  type RefObject,
} from 'react';
import { sizedElsewhere, sizedOtherwise } from './size-policy.js';
import { SizeHeader } from './SizeHeader.js';
import type { TerminalSession } from './terminal-session.js';
import './TerminalView.css';

type Props = {
  readonly session: TerminalSession;
  /** The room for a terminal, which neither the header nor a taller status line changes. */
  readonly room: RefObject<HTMLElement | null>;
  readonly onPaste: (text: string) => void;
};

export function TerminalView({ session, room, onPaste }: Props): ReactElement {
  const { size, drawn, gone } = useSyncExternalStore(session.subscribe, session.getSnapshot);
  const place = useRef<HTMLDivElement>(null);
  const elsewhere = sizedElsewhere(size);
  const scrolls = sizedOtherwise(size);

  useLayoutEffect(() => {
    const parent = place.current;
    const box = room.current;
    if (parent === null || box === null) return undefined;
    session.mount(parent);
    const fit = (): void => {
      session.fit(box.clientWidth, box.clientHeight);
    };
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(box);
    return () => {
      observer.disconnect();
      session.unmount();
    };
  }, [session, room]);

  // A taller status line leaves the terminal its size and takes the room from its top: the last rows stay in sight.
  useEffect(() => {
    const parent = place.current;
    if (parent === null || scrolls) return undefined;
    const observer = new ResizeObserver(() => {
      parent.scrollTop = parent.scrollHeight;
    });
    observer.observe(parent);
    return () => {
      observer.disconnect();
    };
  }, [scrolls]);

  // Every paste passes through here, also the one of the middle mouse button, so that several lines are asked about.
  useEffect(() => {
    const parent = place.current;
    if (parent === null) return undefined;
    const onPasteEvent = (event: ClipboardEvent): void => {
      event.preventDefault();
      event.stopPropagation();
      onPaste(event.clipboardData?.getData('text/plain') ?? '');
    };
    parent.addEventListener('paste', onPasteEvent, { capture: true });
    return () => {
      parent.removeEventListener('paste', onPasteEvent, { capture: true });
    };
  }, [onPaste]);

  return (
    <section
      className="terminal-view"
      data-testid="terminal"
      data-terminal-id={session.terminalId}
      data-drawn={drawn ? 'true' : 'false'}
      data-gone={gone === null ? undefined : 'true'}
      data-size={size.size === null ? undefined : `${String(size.size.cols)}x${String(size.size.rows)}`}
      data-owner={size.owner ? 'true' : 'false'}
      aria-label="Terminal"
    >
      {elsewhere && size.size !== null && gone === null ? (
        <SizeHeader
          size={size.size}
          onUse={() => {
            session.used();
            session.focus();
          }}
        />
      ) : null}
      <div ref={place} className="terminal-place" data-scrolls={scrolls ? 'true' : undefined} />
    </section>
  );
}
