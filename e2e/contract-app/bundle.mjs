// Bundles the page of the contract app: the same page serves the Tauri window and Chromium.
import { build } from 'vite';

await build({
  root: new URL('page', import.meta.url).pathname,
  base: './',
  configFile: false,
  logLevel: 'warn',
  build: {
    outDir: new URL('dist', import.meta.url).pathname,
    emptyOutDir: true,
    target: 'es2022',
    minify: false,
    modulePreload: false,
  },
});
