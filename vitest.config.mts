import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/unit/**/*.test.ts', 'test/conformance/**/*.test.ts', 'test/slurm/**/*.test.ts'],
          exclude: ['test/unit/webview/**'],
          environment: 'node',
          testTimeout: 30_000,
          // Real processes, clusters and networks, on machines that others use as well.
          retry: 1,
        },
      },
      {
        test: {
          name: 'webview',
          include: ['test/unit/webview/**/*.test.{ts,tsx}'],
          environment: 'jsdom',
        },
        oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          environment: 'node',
          fileParallelism: false,
          testTimeout: 240_000,
          retry: 2,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 60_000, interval: 100 } },
        },
      },
    ],
  },
});
