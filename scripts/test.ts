// Everything a change must pass, one after the other, with one closing line over all suites.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { inOrder, root, script } from './steps.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const results = join(root, 'out', 'results');
await rm(results, { recursive: true, force: true });
await mkdir(results, { recursive: true });
const json = (name: string): readonly string[] => [
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${join(results, `${name}.json`)}`,
];

const code = await inOrder([
  { name: 'check', run: async () => await script('check') },
  { name: 'unit', run: async () => await script('unit', json('unit')) },
  { name: 'host', run: async () => await script('host', [join(results, 'host.json')]) },
  { name: 'end to end', run: async () => await script('e2e', json('e2e')) },
]);

const counts = await Promise.all(
  ['unit', 'host', 'e2e'].map(async (name) => await countsOf(join(results, `${name}.json`))),
);
const sum = (key: keyof Counts): number => counts.reduce((total, one) => total + one[key], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
process.exitCode = code;

/** Of vitest's JSON report or of ours, which has the same names; nothing when the suite did not run. */
async function countsOf(file: string): Promise<Counts> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const report: unknown = JSON.parse(text);
  const number = (key: string): number => {
    const value =
      typeof report === 'object' && report !== null ? Object.entries(report).find(([name]) => name === key)?.[1] : 0;
    return typeof value === 'number' ? value : 0;
  };
  return {
    passed: number('numPassedTests'),
    failed: number('numFailedTests'),
    skipped: number('numPendingTests') + number('numTodoTests'),
  };
}
