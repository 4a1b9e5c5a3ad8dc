// The quick tests: no window, no browser. One project a package, so that each can be run alone with `--project`.
import { defineConfig } from 'vitest/config';

const packages = ['protocol', 'client', 'server', 'app'];

export default defineConfig({
  test: {
    projects: [
      ...packages.map((name) => ({
        test: {
          name,
          root: `packages/${name}`,
          include: ['test/**/*.test.{ts,tsx}'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      })),
      {
        test: {
          name: 'plugin',
          root: 'packages/tauri-plugin-daemon-transport',
          include: ['test/**/*.test.ts'],
        },
      },
    ],
  },
});
