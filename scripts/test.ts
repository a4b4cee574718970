// Everything a change must pass, one after the other, with one closing line over all suites.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { inOrder, root, script } from './steps.ts';
import { failures, readReport, type Report, retried } from './testReports.ts';

const results = join(root, 'out', 'results');
await rm(results, { recursive: true, force: true });
await mkdir(results, { recursive: true });
const reportFile = (name: string): string => join(results, `${name}.json`);
const suite = async (name: string): Promise<number> => script(name, [], { ALOFT_TEST_REPORT: reportFile(name) });

const code = await inOrder([
  { name: 'check', run: async () => await script('check') },
  { name: 'unit', run: async () => await suite('unit') },
  { name: 'host', run: async () => await suite('host') },
  { name: 'end to end', run: async () => await suite('e2e') },
]);

const reports = (await Promise.all(['unit', 'host', 'e2e'].map(async (name) => readReport(reportFile(name))))).filter(
  (report) => report !== null,
);
// Once more at the very end: the beginning of a long output is often cut off.
for (const { title, reason } of reports.flatMap(retried)) {
  console.log(`\nPASSED ONLY WHEN TRIED AGAIN  ${title}\n${reason}`);
}
for (const { title, reason } of reports.flatMap(failures)) {
  console.log(`\nFAIL  ${title}\n${reason}`);
}
console.log(await readFile(join(results, 'failures.txt'), 'utf8').catch(() => ''));
const sum = (count: (report: Report) => number): number => reports.reduce((total, report) => total + count(report), 0);
const passed = sum(({ numPassedTests }) => numPassedTests);
const failed = sum(({ numFailedTests }) => numFailedTests);
const skipped = sum(({ numPendingTests, numTodoTests }) => numPendingTests + numTodoTests);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = code;
