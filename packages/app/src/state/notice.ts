/** The message of the moment, about what the person just did or what just ended. One at a time: the newest. */
import { create } from 'zustand';
import type { Notice } from '../connection/StatusLine.js';

type NoticeStore = {
  readonly notice: Notice | null;
  /** Counts refused keystrokes. */
  readonly refusals: number;
  readonly say: (notice: Notice) => void;
  readonly dismiss: () => void;
  readonly refuse: () => void;
};

export const useNotice = create<NoticeStore>()((set) => ({
  notice: null,
  refusals: 0,
  say: (notice) => {
    set({ notice });
  },
  dismiss: () => {
    set({ notice: null });
  },
  refuse: () => {
    set((state) => ({ refusals: state.refusals + 1 }));
  },
}));
