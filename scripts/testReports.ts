// What is told of the suites once all have run, from vitest's JSON reports and from ours, which have the same names.
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod/mini';

import { root } from './steps.ts';

const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z._default(z.number(), 0),
  numTodoTests: z._default(z.number(), 0),
  testResults: z._default(
    z.array(
      z.object({
        name: z.string(),
        status: z.string(),
        message: z._default(z.string(), ''),
        assertionResults: z.array(
          z.object({ fullName: z.string(), status: z.string(), failureMessages: z._default(z.array(z.string()), []) }),
        ),
      }),
    ),
    [],
  ),
});
export type Report = z.infer<typeof Report>;

/** null when the suite did not run. */
export async function readReport(file: string): Promise<Report | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : Report.parse(JSON.parse(text));
}

export interface Trouble {
  readonly title: string;
  /** How it failed, in short. */
  readonly reason: string;
}

/** Tests that failed, and files in which none could be run. */
export function failures({ testResults }: Report): readonly Trouble[] {
  return testResults.flatMap((file) => {
    const tests = testsThat(file, 'failed');
    return tests.length === 0 && file.status === 'failed'
      ? [{ title: relative(root, file.name), reason: file.message }]
      : tests;
  });
}

/** Tests that passed only when they were tried again. */
export function retried({ testResults }: Report): readonly Trouble[] {
  return testResults.flatMap((file) => testsThat(file, 'passed').filter(({ reason }) => reason !== ''));
}

function testsThat(file: Report['testResults'][number], status: 'passed' | 'failed'): Trouble[] {
  return file.assertionResults
    .filter((test) => test.status === status)
    .map(({ fullName, failureMessages }) => ({
      title: `${relative(root, file.name)}: ${fullName}`,
      reason: failureMessages.map(beginning).join('\n'),
    }));
}

function beginning(message: string): string {
  return stripVTControlCharacters(message).split('\n').slice(0, 12).join('\n');
}
