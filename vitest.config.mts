import { defineConfig } from 'vitest/config';

import { RetriedTests } from './test/retriedTests.mts';

/** Tests of real programs and networks: Slurm, sshd, jobs on this machine, containers behind an API server. */
const real = [
  'test/conformance/**/*.test.ts',
  'test/slurm/**/*.test.ts',
  'test/unit/emulators/**/*.test.ts',
  'test/unit/providers/*/cluster/**/*.test.ts',
  'test/unit/providers/{azure/{logs/follow,results/results},google/logs/cloudLogging}.test.ts',
  'test/unit/providers/local/**/*.test.ts',
  'test/unit/providers/slurm/ssh/{auth,faults,knownHosts,loginShells,proxies,sshHost}.test.ts',
];

/** Where a report is wanted as JSON. */
const report = process.env['ALOFT_TEST_REPORT'];

export default defineConfig({
  test: {
    reporters: [
      'default',
      new RetriedTests(),
      ...(report === undefined ? [] : [['json', { outputFile: report }] satisfies [string, object]]),
    ],
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/unit/**/*.test.ts'],
          exclude: ['test/unit/webview/**', ...real],
          environment: 'node',
          testTimeout: 120_000,
          maxWorkers: '100%',
        },
      },
      {
        test: {
          name: 'webview',
          include: ['test/unit/webview/**/*.test.{ts,tsx}'],
          environment: 'jsdom',
          testTimeout: 120_000,
          maxWorkers: '100%',
        },
        oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
      },
      {
        test: {
          name: 'real',
          include: real,
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // The machine may be busy with other things.
          retry: 1,
          // They mostly wait.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          setupFiles: ['test/workbench/onFailure.ts'],
          environment: 'node',
          fileParallelism: false,
          testTimeout: 240_000,
          retry: 1,
          hookTimeout: 300_000,
          expect: { poll: { timeout: 60_000, interval: 100 } },
        },
      },
    ],
  },
});
