import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { Emitter } from '../../../../src/core/event.ts';
import type { ConnectionId } from '../../../../src/core/job.ts';
import { SignInWatch } from '../../../../src/editor/connections/signInWatch.ts';
import { systemClock } from '../../../../src/engine/systemClock.ts';
import { scriptedAbilities } from '../../../emulators/scripted/request.ts';
import { connectionId } from '../../../fixtures/engine/engineParts.ts';

const minute = 60_000;
const info = { id: connectionId('lab'), providerId: 'slurm', label: 'lab-slurm', abilities: scriptedAbilities };

/** Several windows over one store. */
function setup({ windows = 1, jobs = 2 }: { readonly windows?: number; readonly jobs?: number } = {}) {
  const warned = new Set<string>();
  const told: string[] = [];
  const changed = new Emitter<ConnectionId | undefined>();
  let expiresAt: number | null = null;
  for (let window = 0; window < windows; window += 1) {
    const watch = new SignInWatch({
      health: {
        onDidChange: changed.event,
        of: () => ({
          isAsking: false,
          answeredAt: 0,
          identity: { account: 'ada', expiresAt },
          offers: [],
          problem: null,
        }),
      },
      list: () => [info],
      clock: systemClock,
      liveJobs: async () => jobs,
      isFirst: async (id, at) => {
        const isFirst = !warned.has(`${id}/${at}`);
        warned.add(`${id}/${at}`);
        return isFirst;
      },
      tell: ({ label }, minutes, live) => {
        told.push(`${label} ${minutes} min ${live} jobs`);
      },
      due: () => undefined,
    });
    onTestFinished(() => {
      watch.dispose();
    });
  }
  return {
    told,
    ends: async (inMinutes: number | null) => {
      expiresAt = inMinutes === null ? null : Date.now() + inMinutes * minute;
      changed.fire(undefined);
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the end of a sign-in', () => {
  it('is told half an hour before, once, by one of the windows', async () => {
    const { told, ends } = setup({ windows: 3 });
    await ends(60);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(29 * minute);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(2 * minute);
    expect(told).toEqual(['lab-slurm 30 min 2 jobs']);
    await vi.advanceTimersByTimeAsync(60 * minute);
    expect(told).toHaveLength(1);
  });

  it('is told again for the next sign-in', async () => {
    const { told, ends } = setup();
    await ends(20);
    await ends(90);
    await vi.advanceTimersByTimeAsync(61 * minute);
    expect(told).toEqual(['lab-slurm 20 min 2 jobs', 'lab-slurm 30 min 2 jobs']);
  });

  it('disturbs nobody who has no job there, or whose sign-in lasts', async () => {
    const idle = setup({ jobs: 0 });
    await idle.ends(10);
    const lasting = setup();
    await lasting.ends(null);
    await vi.advanceTimersByTimeAsync(300 * minute);
    expect([...idle.told, ...lasting.told]).toEqual([]);
  });
});
