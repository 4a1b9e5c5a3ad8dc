/** What this window shows: which terminal, the sidebar, the overlay on top, what is being renamed. */
import * as z from 'zod';
import { create } from 'zustand';
import { DEFAULT_SIDEBAR_PX, MAX_SIDEBAR_PX, MIN_SIDEBAR_PX } from '../limits.js';
import { readStored, writeStored } from './stored.js';

const KEY = 'holdfast.window';

/** The overlay on top of the window. */
export type OverlayKind =
  | { readonly kind: 'settings' }
  | { readonly kind: 'details' }
  | { readonly kind: 'log' }
  | { readonly kind: 'help'; readonly topic: HelpTopic }
  | { readonly kind: 'close-terminal'; readonly terminalId: string }
  | { readonly kind: 'paste'; readonly terminalId: string; readonly text: string; readonly lines: number };

export type HelpTopic = 'allow-origin' | 'allow-address' | 'get-in' | 'update';

const stored = z.object({
  sidebarOpen: z.boolean().catch(true),
  sidebarPx: z.number().min(MIN_SIDEBAR_PX).max(MAX_SIDEBAR_PX).catch(DEFAULT_SIDEBAR_PX),
  activeId: z.string().nullable().catch(null),
});

type WindowStore = z.infer<typeof stored> & {
  /** The sheet of a narrow window; closed at each start. */
  readonly sheetOpen: boolean;
  readonly overlay: OverlayKind | null;
  readonly renamingId: string | null;
  readonly select: (terminalId: string | null) => void;
  readonly setSidebarOpen: (open: boolean) => void;
  readonly setSidebarPx: (px: number) => void;
  readonly setSheetOpen: (open: boolean) => void;
  readonly show: (overlay: OverlayKind | null) => void;
  readonly rename: (terminalId: string | null) => void;
};

export const useWindow = create<WindowStore>()((set, get) => {
  const keep = (part: Partial<z.infer<typeof stored>>): void => {
    set(part);
    const { sidebarOpen, sidebarPx, activeId } = get();
    writeStored(KEY, { sidebarOpen, sidebarPx, activeId });
  };
  return {
    ...readStored(KEY, stored, { sidebarOpen: true, sidebarPx: DEFAULT_SIDEBAR_PX, activeId: null }),
    sheetOpen: false,
    overlay: null,
    renamingId: null,
    select: (activeId) => {
      keep({ activeId });
    },
    setSidebarOpen: (sidebarOpen) => {
      keep({ sidebarOpen });
    },
    setSidebarPx: (px) => {
      keep({ sidebarPx: Math.min(MAX_SIDEBAR_PX, Math.max(MIN_SIDEBAR_PX, Math.round(px))) });
    },
    setSheetOpen: (sheetOpen) => {
      set({ sheetOpen });
    },
    show: (overlay) => {
      set({ overlay });
    },
    rename: (renamingId) => {
      set({ renamingId });
    },
  };
});
