// Bundles the page of the benchmark's window.
import { build } from 'vite';

await build({
  root: new URL('page', import.meta.url).pathname,
  base: './',
  configFile: false,
  logLevel: 'warn',
  build: {
    outDir: new URL('app/dist', import.meta.url).pathname,
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
  },
});
