import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { GoogleAccess } from '../../../../../src/providers/google/client/access.ts';
import { Jobs } from '../../../../../src/providers/google/client/jobs.ts';
import type { CustomJobRequest } from '../../../../../src/providers/google/plan/request.ts';
import { parseSettings } from '../../../../../src/providers/google/settings.ts';
import { labelsOf } from '../../../../../src/providers/google/labels.ts';
import type { AttemptKey } from '../../../../../src/core/job.ts';
import { gather, never, rejection } from '../../../../conformance/harness.ts';
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

  it('is none of ours when it was made by hand with the copied command', async () => {
    const connection = lab.open();
    const more = { region: 'us-central1', secrets: ['TOKEN'], outputs: ['*.txt'] };
    const input = await lab.prepare(connection, 'echo "by ${TOKEN:-hand}" > out.txt', more);
    const byHand = await makeByHand(input.plan.command ?? '');
    await expect.poll(() => stateOf(byHand)).toBe('JOB_STATE_SUCCEEDED');
    expect(await connection.list(never())).toEqual([]);
    const handle = await connection.submit(input, never());
    expect(handle.id).not.toBe(byHand);
    expect(await lab.until(connection, handle)).toMatchObject({ state: 'succeeded' });
    expect((await connection.list(never())).map((each) => each.handle.id)).toEqual([handle.id]);
    const out = await gather(connection.readOutput(handle, 'out.txt', never()));
    expect(Buffer.concat(out).toString()).toBe('by value of TOKEN\n');
    await connection.remove(handle, never());
    expect(lab.google.control.jobs.all().map(({ job }) => job.name)).toEqual([byHand]);
  });
});

/** As `gcloud ai custom-jobs create` does. */
async function makeByHand(command: string): Promise<string> {
  const yaml = /<<'CONFIG'\n(.*)CONFIG\n$/su.exec(command)?.[1] ?? '';
  const access = new GoogleAccess(parseSettings(lab.settings));
  try {
    const customJob = { displayName: 'by hand', labels: {}, jobSpec: parse(yaml) as CustomJobRequest['jobSpec'] };
    const made = await new Jobs(access).create('us-central1', customJob, () => Promise.resolve(), never());
    return made.name;
  } finally {
    await access.dispose();
  }
}
