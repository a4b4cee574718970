import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labelsOf } from '../../../../../src/providers/google/labels.ts';
import type { AttemptKey } from '../../../../../src/core/job.ts';
import { never, rejection } from '../../../../conformance/harness.ts';
import { whyNoContainers } from '../../../../emulators/containers/containerProcess.ts';
import { GoogleLab } from '../../../../fixtures/google/lab.ts';

let lab: GoogleLab;

beforeEach(async () => {
  lab = await GoogleLab.start();
});

afterEach(async () => lab.stop());

/** A job that somebody made with the labels of an attempt; resolves to its name once it has failed, or while it waits. */
async function twin(key: AttemptKey, how: 'failed' | 'waiting'): Promise<string> {
  const { jobs } = lab.google.control;
  const connection = lab.open();
  const other = await connection.submit(await lab.prepare(connection, 'exit 3'), never());
  await lab.until(connection, other);
  jobs.hold(how === 'waiting');
  const { name } = jobs.create('us-central1', { ...jobs.find(other.id).job, labels: { ...labelsOf(key) } });
  jobs.delete(other.id);
  if (how === 'failed') {
    await expect.poll(() => stateOf(name)).toBe('JOB_STATE_FAILED');
  }
  return name;
}

const stateOf = (name: string): string => lab.google.control.jobs.find(name).job.state;

describe.skipIf(whyNoContainers() !== null)('another job with the labels of an attempt', () => {
  it('does not take the place of the one that was just made, though it is older and failed', async () => {
    const connection = lab.open();
    const input = await lab.prepare(connection, 'true', { region: 'us-central1' });
    const failed = await twin(input.key, 'failed');
    const handle = await connection.submit(input, never());
    expect(handle.id).not.toBe(failed);
    expect(await lab.until(connection, handle)).toMatchObject({ state: 'succeeded' });
    const another = lab.open();
    expect(await another.find(input.key, never())).toEqual(handle);
    expect((await another.list(never())).map((each) => each.handle)).toEqual([handle]);
  });

  it('is cancelled beside the one that was just made, though it is older', async () => {
    const connection = lab.open();
    const input = await lab.prepare(connection, 'true', { region: 'us-central1' });
    const waiting = await twin(input.key, 'waiting');
    const handle = await connection.submit(input, never());
    lab.google.control.jobs.hold(false);
    expect(await lab.until(connection, handle)).toMatchObject({ state: 'succeeded' });
    await expect.poll(() => stateOf(waiting)).toBe('JOB_STATE_CANCELLED');
  });

  it('is not adopted when it failed and the reply about the real one got lost', async () => {
    const connection = lab.open();
    const input = await lab.prepare(connection, 'true', { region: 'us-central1' });
    const failed = await twin(input.key, 'failed');
    lab.google.control.holdQueue();
    lab.google.control.addFault({ on: { method: 'CreateCustomJob' }, kind: 'loseReply' });
    await rejection(connection.submit(input, never()));
    const windows = [lab.open(), lab.open()];
    const found = await Promise.all(windows.map(async (window) => window.find(input.key, never())));
    const handle = await connection.submit(input, never());
    expect(handle.id).not.toBe(failed);
    expect(found).toEqual([handle, handle]);
    expect(lab.google.control.jobs.all()).toHaveLength(2);
    lab.google.control.jobs.hold(false);
    expect(await lab.until(connection, handle)).toMatchObject({ state: 'succeeded' });
  });
});
