import { afterAll, beforeAll } from 'vitest';

import { writeDownWindows } from './writeDownWindows.ts';

/** Sets up what the tests of a suite share, a second time if the first fails, as tests are tried twice; takes it down after them. */
export function aroundTests(setUp: () => Promise<void>, takeDown: () => Promise<void>): void {
  beforeAll(async () => {
    try {
      await setUp();
    } catch (error) {
      await writeDownWindows(`the set-up of a suite, which failed and is tried again: ${String(error)}`);
      await takeDown().catch(() => undefined);
      await setUp();
    }
  });
  afterAll(takeDown);
}
