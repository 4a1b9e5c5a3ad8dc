/** Where this page runs: on which platform, and in the desktop's window or in a browser. Fixed while it lives. */
import { isDesktop } from './tauri/desktop-daemon.js';
import { platformOf, type Platform, type Surface } from './keymap.js';

export const platform: Platform = platformOf(navigator.userAgent);
export const surface: Surface = isDesktop() ? 'desktop' : 'browser';
