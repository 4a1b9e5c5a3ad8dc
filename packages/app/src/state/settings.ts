/** The person's settings: theme, the terminal's font, what Shift+Enter sends. Kept in local storage. */
import * as z from 'zod';
import { create } from 'zustand';
import { DEFAULT_FONT_SIZE, MAX_FONT_FAMILY_LENGTH, MAX_FONT_SIZE, MIN_FONT_SIZE } from '../limits.js';
import { readStored, writeStored } from './stored.js';

const KEY = 'holdfast.settings';

const schema = z.object({
  theme: z.enum(['system', 'dark', 'light']).catch('system'),
  fontSize: z.number().min(MIN_FONT_SIZE).max(MAX_FONT_SIZE).catch(DEFAULT_FONT_SIZE),
  /** A CSS font list; empty for the default of the tokens. */
  fontFamily: z.string().max(MAX_FONT_FAMILY_LENGTH).catch(''),
  shiftEnter: z.enum(['escape-return', 'line-feed', 'return']).catch('escape-return'),
  screenReader: z.boolean().catch(false),
});
export type Settings = z.infer<typeof schema>;

const DEFAULTS: Settings = {
  theme: 'system',
  fontSize: DEFAULT_FONT_SIZE,
  fontFamily: '',
  shiftEnter: 'escape-return',
  screenReader: false,
};

type SettingsStore = Settings & { readonly change: (part: Partial<Settings>) => void };

export const useSettings = create<SettingsStore>()((set, get) => ({
  ...readStored(KEY, schema, DEFAULTS),
  change: (part) => {
    set(part);
    writeStored(KEY, schema.parse(get()));
  },
}));

/** A font size that is within its limits. */
export function boundedFontSize(size: number): number {
  return Math.min(MAX_FONT_SIZE, Math.max(MIN_FONT_SIZE, Math.round(size)));
}
