/**
 * What the person has seen of each terminal: its output and its calls for attention. What was there when this window
 * opened counts as seen; a terminal on the screen is seen as it grows.
 */
import type { TerminalInfo } from '@holdfast/protocol';
import { create } from 'zustand';

type Mark = { readonly outputOffset: number; readonly bells: number };

type SeenStore = {
  readonly marks: Readonly<Record<string, Mark>>;
  /** Takes over a list. `shownId`: the terminal on the screen. `first`: the first list of this window. */
  readonly take: (terminals: readonly TerminalInfo[], shownId: string | null, first: boolean) => void;
  /** Offsets of another run of the daemon mean nothing here. */
  readonly forget: () => void;
};

export const useSeen = create<SeenStore>()((set) => ({
  marks: {},
  take: (terminals, shownId, first) => {
    set(({ marks }) => {
      let changed = Object.keys(marks).length !== terminals.length;
      const next: Record<string, Mark> = {};
      for (const { terminalId, outputOffset, bells } of terminals) {
        const before = marks[terminalId];
        const seenNow = terminalId === shownId || (first && before === undefined);
        const mark = seenNow ? { outputOffset, bells } : (before ?? { outputOffset: 0, bells: 0 });
        if (
          before === undefined ||
          before.outputOffset !== mark.outputOffset ||
          before.bells !== mark.bells
        ) {
          changed = true;
        }
        next[terminalId] = mark;
      }
      return changed ? { marks: next } : {};
    });
  },
  forget: () => {
    set({ marks: {} });
  },
}));

/**
 * Whether there is output, or a call for attention, that was not seen. `drawnOffset`: what this window has drawn of it,
 * in bytes, which the list may learn of later.
 */
export function unseen(
  info: TerminalInfo,
  mark: Mark | undefined,
  drawnOffset: number,
): { output: boolean; bell: boolean } {
  if (mark === undefined) return { output: false, bell: false };
  const output = info.outputOffset > Math.max(mark.outputOffset, drawnOffset);
  // A call for attention is part of the output: drawn with it, it was seen.
  return { output, bell: info.bells > mark.bells && info.outputOffset > drawnOffset };
}
