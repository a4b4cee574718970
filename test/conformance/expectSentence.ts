import { expect } from 'vitest';
import type { EpochMs } from '../../src/core/job.ts';

/** One plain sentence without a full stop, as it is shown within others. */
export function expectSentence(text: string): void {
  expect(text).toMatch(/\S/u);
  expect(text).toBe(text.trim());
  expect(text).not.toMatch(/[\n\r]/u);
  expect(text).not.toMatch(/\.$/u);
  expect(text.length).toBeLessThan(300);
}

const year = 365 * 86_400_000;

/** A time in ms since 1970, not in seconds nor from another epoch; a little before now when it is just due. */
export function expectPlausibleStart(at: EpochMs | null): void {
  if (at !== null) {
    expect(at).toBeGreaterThan(Date.now() - 3_600_000);
    expect(at).toBeLessThan(Date.now() + year);
  }
}
