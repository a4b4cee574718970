import { writeFile } from 'node:fs/promises';

/** A minimal runner: cases register themselves on import and run one after the other inside the extension host. */
interface Case {
  readonly name: string;
  readonly body: () => Promise<void> | void;
}

const cases: Case[] = [];

export function test(name: string, body: Case['body']): void {
  cases.push({ name, body });
}

/** Rejects when a case failed or there was none; prints a line per case and `N passed, N failed`. */
export async function runCases(): Promise<void> {
  let failed = 0;
  for (const { name, body } of cases) {
    try {
      await body();
      console.log(`  ok    ${name}`);
    } catch (error) {
      failed += 1;
      console.error(`  FAIL  ${name}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  const report = process.env['ALOFT_TEST_REPORT'];
  if (report !== undefined) {
    await writeFile(report, JSON.stringify({ numPassedTests: cases.length - failed, numFailedTests: failed }));
  }
  console.log(`host: ${cases.length - failed} passed, ${failed} failed`);
  if (failed > 0 || cases.length === 0) {
    throw new Error(`${failed} of ${cases.length} cases failed`);
  }
}

/** Waits until `look` gives something that is not undefined. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  withinMs = 20_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  while (Date.now() < end) {
    const found = await look();
    if (found !== undefined) {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited ${withinMs} ms in vain for ${what}`);
}
