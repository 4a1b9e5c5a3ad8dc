// Bundles the page, as any front-end build of a Tauri app does.
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
    modulePreload: false,
  },
});
