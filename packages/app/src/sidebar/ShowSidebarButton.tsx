/** The way back to a hidden list of terminals: the first thing in the status line. */
import { PanelLeftOpen } from 'lucide-react';
import type { ReactElement } from 'react';
import { keyLabel, type Platform, type Surface } from '../keymap.js';

type Props = { readonly platform: Platform; readonly surface: Surface; readonly onShow: () => void };

export function ShowSidebarButton({ platform, surface, onShow }: Props): ReactElement {
  return (
    <button
      type="button"
      className="button-icon"
      data-testid="show-sidebar"
      aria-label="Show the list of terminals"
      title={`Show the list of terminals (${keyLabel('toggle-sidebar', platform, surface)})`}
      onClick={onShow}
    >
      <PanelLeftOpen className="icon" aria-hidden="true" />
    </button>
  );
}
