import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { AcceptedRuns } from '../../../src/engine/acceptedRuns.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';
import { connectionId, newRunId, openParts, specOf, workFolder } from '../../fixtures/engine/engineParts.ts';

const work = workFolder();
const parts = openParts({ folder: work.path, clock: systemClock, session: 'accepted', connections: new Map() });

afterAll(() => {
  parts.store.dispose();
  work.remove();
});

it('has no code of a run until a provider has accepted it, then all of it', async () => {
  const folder = join(work.path, 'lab');
  mkdirSync(folder);
  writeFileSync(join(folder, 'train.py'), 'pass\n');
  const { store, connections } = parts;
  const runs = new AcceptedRuns({ root: work.path, store, connections });
  const runId = newRunId();
  const spec = specOf();
  const place = { connectionId: connectionId('a'), providerId: 'scripted' };
  store.createJob(
    { runId, name: spec.name, spec, sourceFolder: folder, ...place, include: [], interpreter: null },
    60_000,
  );
  expect(await runs.runFiles(runId)).toBeNull();
  const snapshot = await parts.snapshots.make(folder, [], new AbortController().signal);
  const key = { runId, attempt: 1 };
  store.recordStep(key, 'snapshot', { snapshotId: snapshot.id });
  expect(await runs.runFiles(runId)).toBeNull();
  store.recordStep(key, 'sending', {});
  store.recordStep(key, 'accepted', { handle: { id: runId, data: {} } });
  expect([...((await runs.runFiles(runId))?.paths ?? [])]).toEqual(['train.py']);
});
