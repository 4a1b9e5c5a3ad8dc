/** The edge of the sidebar: dragged with the pointer, moved by the arrow keys, announced as a separator. */
import type { ReactElement } from 'react';
import { DEFAULT_SIDEBAR_PX, MAX_SIDEBAR_PX, MIN_SIDEBAR_PX } from '../limits.js';

/** One press of an arrow key, in CSS px. */
const STEP_PX = 16;

type Props = { readonly px: number; readonly onChange: (px: number) => void };

export function SidebarEdge({ px, onChange }: Props): ReactElement {
  return (
    <div
      className="sidebar-edge"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the list of terminals"
      aria-valuenow={px}
      aria-valuemin={MIN_SIDEBAR_PX}
      aria-valuemax={MAX_SIDEBAR_PX}
      tabIndex={0}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        event.preventDefault();
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) onChange(event.clientX);
      }}
      onDoubleClick={() => {
        onChange(DEFAULT_SIDEBAR_PX);
      }}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft') onChange(px - STEP_PX);
        else if (event.key === 'ArrowRight') onChange(px + STEP_PX);
        else return;
        event.preventDefault();
      }}
    />
  );
}
