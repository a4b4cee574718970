import { expect, it } from 'vitest';
import { withinCost } from '../../../src/core/costLimit.ts';
import type { JobSpec } from '../../../src/core/jobSpec.ts';
import { askedSpec, makingOf } from '../../../src/engine/making.ts';
import { connectionId, newRunId, specOf } from '../../fixtures/engine/engineParts.ts';
import { storeFolder } from '../../fixtures/store/storeParts.ts';

const hour = 3_600_000;

it.each([null, 20 * hour])(
  'the time limit that a cost limit made is none of a job that is submitted again, unlike one of %s',
  (durationMs) => {
    const folder = storeFolder();
    try {
      const { store } = folder.open();
      const plain = specOf({ name: 'x' });
      const asked: JobSpec = { ...plain, limits: { durationMs, waitMs: null, costUsd: 10 } };
      const spec = withinCost(asked, 2, 'Lab');
      expect(spec.limits.durationMs).toBe(5 * hour);
      const runId = newRunId();
      const place = { connectionId: connectionId('a'), providerId: 'scripted' };
      const more = { sourceFolder: '/home/ada', include: [], interpreter: null, askedDurationMs: durationMs };
      store.createJob({ runId, name: 'x', spec, ...place, ...more }, 60_000);
      const making = makingOf(store.journal({ runId, attempt: 1 }));
      const again = askedSpec(store.job(runId)?.spec ?? plain, making);
      expect(again).toEqual(asked);
      expect(withinCost(again, 1, 'Lab').limits.durationMs).toBe(10 * hour);
    } finally {
      folder.remove();
    }
  },
);

it('a job that was found again at its provider keeps the limit that it has there', () => {
  const spec: JobSpec = { ...specOf({ name: 'x' }), limits: { durationMs: hour, waitMs: null, costUsd: 10 } };
  expect(askedSpec(spec, makingOf([]))).toEqual(spec);
});
