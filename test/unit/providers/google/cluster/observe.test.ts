import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AttemptKey, keyText } from '../../../../../src/core/job.ts';
import type { Connection, Handle } from '../../../../../src/core/provider.ts';
import { handleOf } from '../../../../../src/providers/google/handle.ts';
import { labelsOf } from '../../../../../src/providers/google/labels.ts';
import { never, newKey } from '../../../../conformance/harness.ts';
import { GoogleApiError } from '../../../../emulators/google/apiError.ts';
import type { CustomJob, JobState } from '../../../../emulators/google/vertex/types.ts';
import { GoogleLab } from '../../../../fixtures/google/lab.ts';

let lab: GoogleLab;
let connection: Connection;
/** How many requests there were before the test. */
let before = { lists: 0, gets: 0 };

beforeEach(async () => {
  lab = await GoogleLab.start();
  lab.google.control.holdQueue();
  connection = lab.open();
  // Connects, which takes its time on a busy machine; observing gives a region seconds.
  await connection.list(never());
  before = requests();
}, 60_000);

afterEach(async () => lab.stop());

interface Made {
  readonly key: AttemptKey;
  readonly job: CustomJob;
  readonly handle: Handle;
}

/** Jobs of ours that wait, or that ended so. */
function make(count: number, state: JobState = 'JOB_STATE_QUEUED'): readonly Made[] {
  const { control, project, region, bucket } = lab.google;
  return Array.from({ length: count }, () => {
    const key = newKey();
    const { name } = control.jobs.create(region, waiting(key));
    const { job } = control.jobs.find(name);
    job.state = state;
    const createdAt = Number(job.createTime.seconds) * 1000;
    return { key, job, handle: handleOf({ name, outputUri: '', createdAt }, key, project.id, bucket) };
  });
}

function waiting(key: AttemptKey): Parameters<typeof lab.google.control.jobs.create>[1] {
  return {
    displayName: keyText(key),
    labels: labelsOf(key),
    jobSpec: {
      workerPoolSpecs: [
        {
          machineSpec: { machineType: 'n1-standard-4', acceleratorType: '', acceleratorCount: 0, tpuTopology: '' },
          containerSpec: { imageUri: 'python:3.12', command: [], args: ['x'.repeat(10_000)], env: [] },
          replicaCount: '1',
        },
      ],
      scheduling: null,
      baseOutputDirectory: null,
    },
  };
}

function requests(): typeof before {
  const count = (method: string): number => lab.google.control.countRequests({ method });
  return { lists: count('ListCustomJobs'), gets: count('GetCustomJob') };
}

const handlesOf = (made: readonly Made[]): readonly Handle[] => made.map(({ handle }) => handle);

describe('observing jobs of Google Cloud', () => {
  const asked = (): typeof before => {
    const { lists, gets } = requests();
    return { lists: lists - before.lists, gets: gets - before.gets };
  };

  it('lists those that have not ended, without what they run, however many ended since', async () => {
    const live = make(90);
    make(150, 'JOB_STATE_SUCCEEDED');
    const observed = await connection.observe(handlesOf(live), never());
    expect(observed.size).toBe(90);
    expect(asked()).toEqual({ lists: 1, gets: 0 });
    expect(JSON.stringify([...observed.values()])).not.toContain('xxxx');
    expect(observed.get(live[0]?.handle.id ?? '')).toMatchObject({ state: 'queued', nativeState: 'JOB_STATE_QUEUED' });
  });

  it('lists them page by page', async () => {
    const live = make(230);
    expect((await connection.observe(handlesOf(live), never())).size).toBe(230);
    expect(asked()).toEqual({ lists: 3, gets: 0 });
  });

  it('asks for each that is in no list, and leaves out what is not there', async () => {
    const live = make(3);
    const [done, gone] = make(2, 'JOB_STATE_SUCCEEDED');
    if (done === undefined || gone === undefined) {
      throw new Error('Nothing was made.');
    }
    lab.google.control.jobs.delete(gone.job.name);
    const observed = await connection.observe(handlesOf([...live, done, gone]), never());
    expect(observed.size).toBe(4);
    expect(observed.get(done.handle.id)?.state).toBe('succeeded');
    expect(asked()).toEqual({ lists: 1, gets: 2 });
  });

  it('lists those of their days when very many have ended', async () => {
    const ended = make(150, 'JOB_STATE_SUCCEEDED');
    const observed = await connection.observe(handlesOf(ended), never());
    expect([...observed.values()].map(({ state }) => state)).toEqual(ended.map(() => 'succeeded'));
    expect(asked()).toEqual({ lists: 3, gets: 0 });
  });

  it('says of one alone that it could not be asked for, and leaves the others alone', async () => {
    const [live] = make(1);
    const [done] = make(1, 'JOB_STATE_SUCCEEDED');
    const refused = new GoogleApiError('PERMISSION_DENIED', "Permission 'aiplatform.customJobs.get' denied.");
    lab.google.control.addFault({ on: { method: 'GetCustomJob' }, kind: 'fail', error: refused });
    const observed = await connection.observe(
      [live, done].flatMap((each) => each?.handle ?? []),
      never(),
    );
    expect(observed.get(live?.handle.id ?? '')?.state).toBe('queued');
    expect(observed.get(done?.handle.id ?? '')).toMatchObject({
      state: 'unseen',
      reason: expect.stringMatching(/^Google Cloud does not say how this job is: .*aiplatform\.customJobs\.get/u),
    });
  });

  it('waits for the reason of a failure, though not for ever', async () => {
    let now = 1_790_000_000_000;
    const clocked = lab.open({ clock: { now: () => now, sleep: async () => undefined } });
    await clocked.list(never());
    const [late, never_] = make(2, 'JOB_STATE_FAILED');
    if (late === undefined || never_ === undefined) {
      throw new Error('Nothing was made.');
    }
    const see = async (): Promise<readonly unknown[]> => {
      const observed = await clocked.observe(handlesOf([late, never_]), never());
      return [late, never_].map(({ handle }) => observed.get(handle.id)?.state);
    };
    expect(await see()).toEqual(['unknown', 'unknown']);
    now += 10_000;
    late.job.error = { code: 3, message: 'The replica workerpool0-0 exited with a non-zero status of 3.' };
    const observed = await clocked.observe([late.handle], never());
    expect(observed.get(late.handle.id)).toMatchObject({ state: 'failed', exitCode: 3 });
    expect(await see()).toEqual(['failed', 'unknown']);
    now += 25_000;
    expect(await see()).toEqual(['failed', 'failed']);
  });

  it('knows from the labels how machines are given', async () => {
    const [made] = make(1, 'JOB_STATE_PENDING');
    Object.assign(made?.job.labels ?? {}, { 'aloft-strategy': 'spot' });
    const observed = await connection.observe(handlesOf([made].flatMap((each) => each ?? [])), never());
    expect([...observed.values()][0]?.explanation).toContain('spot machines');
  });
});
