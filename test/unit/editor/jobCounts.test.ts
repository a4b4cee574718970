import { describe, expect, it, onTestFinished } from 'vitest';

import { type Counts, JobCounts } from '../../../src/editor/jobCounts.ts';
import { MemoryValues } from '../../fixtures/editor/memoryValues.ts';
import { ManualClock } from '../../fixtures/engine/manualClock.ts';
import { newJob, storeFolder } from '../../fixtures/store/storeParts.ts';

function setup() {
  const folder = storeFolder();
  const clock = new ManualClock();
  const { store } = folder.open({ clock });
  const memory = new MemoryValues();
  const looking = { now: false };
  const shown: Counts[] = [];
  const window = () => {
    const counts = new JobCounts({
      clock,
      memory,
      looking: () => looking.now,
      show: (now) => shown.push(now),
    });
    counts.attach({ store, onDidChange: store.onDidChange });
    return counts;
  };
  const counts = window();
  onTestFinished(() => {
    counts.dispose();
    folder.remove();
  });
  const fail = (): void => {
    clock.jump(1_000);
    const key = newJob(store);
    store.endSubmission(key, 'failed', 'no such image', null);
    clock.jump(1_000);
  };
  return { store, counts, looking, shown, fail, window, last: () => shown.at(-1) };
}

describe('what the status bar and the badge count', () => {
  it('follows the store', () => {
    const { store, last } = setup();
    expect(last()).toEqual({ running: 0, waiting: 0, failed: 0 });
    newJob(store);
    expect(last()).toEqual({ running: 0, waiting: 1, failed: 0 });
  });

  it('counts failures until the Jobs view was looked at', () => {
    const { counts, looking, last, fail } = setup();
    fail();
    fail();
    expect(last()?.failed).toBe(2);
    looking.now = true;
    counts.refresh();
    expect(last()?.failed).toBe(0);
    fail();
    expect(last()?.failed).toBe(0);
    looking.now = false;
    counts.refresh();
    expect(last()?.failed).toBe(0);
    fail();
    expect(last()?.failed).toBe(1);
  });

  it('remembers the look for the next window', () => {
    const { counts, looking, last, fail, window } = setup();
    fail();
    looking.now = true;
    counts.refresh();
    looking.now = false;
    const next = window();
    expect(last()?.failed).toBe(0);
    next.dispose();
  });

  it('shows nothing after it was disposed', () => {
    const { store, counts, shown } = setup();
    counts.dispose();
    const before = shown.length;
    newJob(store);
    expect(shown).toHaveLength(before);
  });
});
