/**
 * Builds the frontend. `vite build` makes the app (dist/); `vite build --mode gallery` makes the development-only
 * gallery of every state (dist-gallery/). Paths are relative, so that one build works below `tauri://localhost` and
 * below the daemon's own address; nothing is inlined into the page, so that its CSP needs no exception for scripts.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const { version } = JSON.parse(readFileSync(here('./package.json'), 'utf8')) as { version: string };

export default defineConfig(({ mode }) => ({
  root: here('.'),
  base: './',
  plugins: [react()],
  define: { __APP_VERSION__: JSON.stringify(version) },
  build: {
    target: ['es2022', 'safari16.4'],
    outDir: mode === 'gallery' ? 'dist-gallery' : 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The build is embedded in the desktop app: a map would be four times the code.
    sourcemap: false,
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { input: here(mode === 'gallery' ? './gallery.html' : './index.html') },
  },
}));
