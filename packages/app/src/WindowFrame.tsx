/**
 * The frame of the window: the list at the left or as a sheet, the terminal, the status line, and the way back to a
 * hidden list. It places the parts and knows nothing of the daemon.
 */
import type { ReactElement, ReactNode, RefObject } from 'react';
import { SidebarEdge } from './sidebar/SidebarEdge.js';
import { SidebarSheet } from './sidebar/SidebarSheet.js';
import './App.css';

type Props = {
  readonly narrow: boolean;
  readonly sidebar: ReactNode;
  readonly sidebarShown: boolean;
  readonly sidebarPx: number;
  readonly onSidebarPx: (px: number) => void;
  readonly onSheetClose: () => void;
  readonly onSheetClosed: () => void;
  /** Has the size that a terminal may fill, whatever the height of the status line is now. */
  readonly room: RefObject<HTMLDivElement | null>;
  /** What the window shows, for those who go by headings. */
  readonly title: string;
  readonly main: ReactNode;
  readonly status: ReactNode;
};

export function WindowFrame(props: Props): ReactElement {
  const { narrow, sidebarShown } = props;
  return (
    <div className="app" data-testid="app" data-narrow={narrow ? 'true' : undefined}>
      {!narrow && sidebarShown ? (
        <nav className="sidebar" aria-label="Sidebar" style={{ inlineSize: props.sidebarPx }}>
          {props.sidebar}
          <SidebarEdge px={props.sidebarPx} onChange={props.onSidebarPx} />
        </nav>
      ) : null}
      {narrow && sidebarShown ? (
        <SidebarSheet onClose={props.onSheetClose} onClosed={props.onSheetClosed}>
          {props.sidebar}
        </SidebarSheet>
      ) : null}
      <div ref={props.room} className="room" aria-hidden="true" />
      <main className="main">
        <h1 className="visually-hidden">{props.title}</h1>
        {props.main}
      </main>
      {props.status}
    </div>
  );
}
