// Tests in real windows and browsers: one file after another, because two cores cannot drive two windows and
// measure either.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['test/**/*.test.ts'],
    fileParallelism: false,
    maxConcurrency: 1,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    retry: 0,
  },
});
