import { expect, it } from 'vitest';
import { objectOf } from '../../../../../src/providers/google/paths.ts';
import { provider } from '../../../../../src/providers/google/index.ts';
import { never } from '../../../../conformance/harness.ts';
import { testPorts } from '../../../../emulators/scripted/testPorts.ts';
import { GoogleLab } from '../../../../fixtures/google/lab.ts';
import { quickClock } from '../../../../fixtures/quickClock.ts';

it('observes, lists and finds a job in a region that is none of the connection', async () => {
  const lab = await GoogleLab.start();
  const ports = { ...testPorts('google'), clock: quickClock(100) };
  const settings = { ...lab.settings, regions: ['us-central1'] };
  const connection = provider.connect(settings, ports);
  const later = provider.connect(settings, ports);
  try {
    const { control, bucket } = lab.google;
    control.holdQueue();
    const here = await connection.submit(await lab.prepare(connection, 'true'), never());
    expect(control.buckets.list(bucket).filter(({ name }) => name.startsWith(objectOf.region('')))).toEqual([]);
    const input = await lab.prepare(connection, 'true', { region: 'europe-west4' });
    const there = await connection.submit(input, never());
    const observed = await later.observe([here, there], never());
    expect([here, there].map(({ id }) => observed.get(id)?.state)).toEqual(['queued', 'queued']);
    expect(await later.find(input.key, never())).toEqual(there);
    // Also where the bucket has forgotten what was sent; a second one that goes on beside it is cancelled.
    control.buckets.delete(bucket, objectOf.submission(input.key));
    const second = control.jobs.create('us-central1', { ...control.jobs.find(there.id).job }).name;
    expect(await later.find(input.key, never())).toEqual(there);
    await expect.poll(() => control.jobs.find(second).job.state).toMatch('CANCEL');
    control.jobs.delete(second);
    // Whatever else lies there is no region.
    control.buckets.put(bucket, objectOf.region('evil.example/x'), Buffer.from(''), { contentType: '', metadata: {} });
    const listed = (await later.list(never())).map(({ handle }) => handle.id);
    expect(listed.toSorted()).toEqual([here.id, there.id].toSorted());
  } finally {
    await connection.dispose();
    await later.dispose();
    await lab.stop();
  }
}, 60_000);
