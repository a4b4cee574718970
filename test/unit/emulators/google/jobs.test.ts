import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiDisabled, permissionDenied } from '../../../emulators/google/apiError.ts';
import { type ClientGoogle, customJob, noContainers, startWithClients } from './clients.ts';

let google: ClientGoogle;

beforeAll(async () => {
  google = await startWithClients();
}, 60_000);

afterAll(async () => {
  await google.stop();
});

async function create(job: ReturnType<typeof customJob>): Promise<string> {
  const [made] = await google.jobs.createCustomJob({ parent: google.parent, customJob: job }, await google.asked());
  return made.name ?? '';
}

async function ended(name: string) {
  return expect
    .poll(async () => (await google.jobs.getCustomJob({ name }, await google.asked()))[0], { timeout: 20_000 })
    .toMatchObject({ endTime: { seconds: expect.anything() } });
}

async function lines(name: string): Promise<readonly string[]> {
  const filter = `resource.type="ml_job" AND resource.labels.job_id="${name.split('/').at(-1)}" AND NOT resource.labels.task_name="service"`;
  const [entries] = await google.logging.listLogEntries(
    { resourceNames: [`projects/${google.project.id}`], filter, orderBy: 'timestamp asc' },
    { ...(await google.asked()), autoPaginate: false },
  );
  return entries.map(
    ({ severity, jsonPayload, resource }) =>
      `${resource?.labels?.['task_name']} ${severity} ${jsonPayload?.fields?.['message']?.stringValue}`,
  );
}

async function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'nothing was refused',
    (error: unknown) => error,
  );
}

describe.skipIf(noContainers !== null)('jobs that run', () => {
  it('runs a job, whose lines come by stream', async () => {
    const name = await create(customJob('echo one; sleep 0.05; echo two >&2; sleep 0.05; printf three'));
    await ended(name);
    const [job] = await google.jobs.getCustomJob({ name }, await google.asked());
    expect(job).toMatchObject({ state: 'JOB_STATE_SUCCEEDED', error: null });
    expect(await lines(name)).toEqual([
      'workerpool0-0 INFO one',
      'workerpool0-0 ERROR two',
      'workerpool0-0 INFO three',
    ]);
  });

  it('tells each replica of the others', async () => {
    const command = 'echo "$CLUSTER_SPEC"; [ "$HOSTNAME" ] || getent hosts localhost; sleep 0.5';
    const name = await create(customJob(command, { workers: 2 }));
    await ended(name);
    const specs = (await lines(name)).map((line) => JSON.parse(line.replace(/^\S+ INFO /u, '')) as { task: object });
    expect(specs.map(({ task }) => task)).toEqual(
      expect.arrayContaining([
        { type: 'workerpool0', index: 0 },
        { type: 'workerpool1', index: 0 },
        { type: 'workerpool1', index: 1 },
      ]),
    );
  });

  it('says which replica failed and how', async () => {
    const name = await create(customJob('exit 3'));
    await ended(name);
    const [job] = await google.jobs.getCustomJob({ name }, await google.asked());
    expect(job).toMatchObject({ state: 'JOB_STATE_FAILED', error: { code: 3 } });
    expect(job.error?.message).toMatch(
      /^The replica workerpool0-0 exited with a non-zero status of 3\. Termination reason: Error\. To find out more about why your job exited please check the logs: https:/u,
    );
  });

  it('says which replica ran out of memory', async () => {
    const name = await create(customJob('echo begun; sleep 60'));
    await expect.poll(async () => lines(name)).toHaveLength(1);
    google.control.jobs.killForMemory(name);
    await ended(name);
    const [job] = await google.jobs.getCustomJob({ name }, await google.asked());
    expect(job.error?.message).toMatch(
      /^The replica workerpool0-0 ran out of memory and exited with a non-zero status of 137\. /u,
    );
  });

  it('shows buckets below /gcs both ways', async () => {
    const bucket = google.storage.bucket(google.bucket);
    await bucket.file('in/greeting.txt').save('hello', { resumable: false });
    const name = await create(
      customJob(`cd /gcs/${google.bucket}; mkdir -p out; tr a-z A-Z < in/greeting.txt > out/loud.txt`),
    );
    await ended(name);
    const [bytes] = await bucket.file('out/loud.txt').download();
    expect(bytes.toString()).toBe('HELLO');
    const [files] = await bucket.getFiles({ prefix: 'out/' });
    expect(files.map((file) => file.name)).toEqual(['out/loud.txt']);
  });

  it('cancels, and refuses to cancel what has ended', async () => {
    const name = await create(customJob('echo ready; sleep 60'));
    await google.jobs.cancelCustomJob({ name }, await google.asked());
    await ended(name);
    expect((await google.jobs.getCustomJob({ name }, await google.asked()))[0]).toMatchObject({
      state: 'JOB_STATE_CANCELLED',
      error: { code: 1 },
    });
    expect(await refusal(google.jobs.cancelCustomJob({ name }, await google.asked()))).toMatchObject({ code: 9 });
    const [operation] = await google.jobs.deleteCustomJob({ name }, await google.asked());
    await operation.promise();
    expect(await refusal(google.jobs.getCustomJob({ name }, await google.asked()))).toMatchObject({ code: 5 });
  });

  it('starts a preempted Spot job again', async () => {
    const name = await create(customJob('echo begun; sleep 60'));
    await expect.poll(async () => lines(name)).toHaveLength(1);
    google.control.jobs.preempt(name);
    await expect.poll(async () => lines(name)).toHaveLength(2);
    await google.jobs.cancelCustomJob({ name }, await google.asked());
    await ended(name);
  });
});

describe('the API', () => {
  it('lists by label, in pages, with the fields that were asked for', async () => {
    const release = google.control.holdQueue();
    const names: string[] = [];
    for (const index of [1, 2, 3]) {
      names.push(await create(customJob('true', { labels: { sweep: 'x', number: String(index) } })));
    }
    const request = {
      parent: google.parent,
      filter: 'labels.sweep="x" AND state="JOB_STATE_QUEUED"',
      readMask: { paths: ['name', 'labels'] },
      pageSize: 2,
    };
    const first = await google.jobs.listCustomJobs(request, { ...(await google.asked()), autoPaginate: false });
    expect(first[0].map(({ name, displayName }) => [name, displayName])).toEqual([
      [names[2], ''],
      [names[1], ''],
    ]);
    const all = await google.jobs.listCustomJobs(request, await google.asked());
    expect(all[0]).toHaveLength(3);
    await Promise.all(names.map(async (name) => google.jobs.cancelCustomJob({ name }, await google.asked())));
    release();
  });

  it('refuses what there is not', async () => {
    const job = customJob('true');
    const machine = { machineType: 'a3-highgpu-8g', acceleratorType: 'NVIDIA_L4', acceleratorCount: 1 } as const;
    const [pool] = job.jobSpec.workerPoolSpecs;
    const bad = { ...job, jobSpec: { workerPoolSpecs: [{ ...pool, machineSpec: machine }] } };
    const error = await refusal(
      google.jobs.createCustomJob({ parent: google.parent, customJob: bad }, await google.asked()),
    );
    expect(error).toMatchObject({ code: 3, details: expect.stringContaining('does not support accelerator type') });
  });

  it('names the quota that is exceeded', async () => {
    google.control.jobs.quotas.set(google.region, 'custom_model_training_cpus', 3);
    const error = await refusal(create(customJob('true')));
    google.control.jobs.quotas.set(google.region, 'custom_model_training_cpus', null);
    expect(error).toMatchObject({
      code: 8,
      details: 'The following quota metrics exceed quota limits: aiplatform.googleapis.com/custom_model_training_cpus',
      reason: 'RESOURCE_QUOTA_EXCEEDED',
    });
  });

  it('fails a job where there is no capacity', async () => {
    const restock = google.control.jobs.addShortage({ region: google.region });
    const name = await create(customJob('true'));
    await ended(name);
    restock();
    const [job] = await google.jobs.getCustomJob({ name }, await google.asked());
    expect(job).toMatchObject({
      state: 'JOB_STATE_FAILED',
      error: { code: 8, message: expect.stringMatching(/^Resources are insufficient in region: us-central1\./u) },
    });
  });

  it('refuses without a token, with an expired one, without rights and where the API is off', async () => {
    expect(await refusal(google.jobs.listCustomJobs({ parent: google.parent }))).toMatchObject({ code: 16 });
    const asked = await google.asked();
    google.control.tokens.revokeAll();
    expect(await refusal(google.jobs.listCustomJobs({ parent: google.parent }, asked))).toMatchObject({
      code: 16,
      reason: 'ACCESS_TOKEN_EXPIRED',
    });
  });

  it('carries the details of a refusal', async () => {
    const other = await startWithClients();
    try {
      const { control, parent, project } = other;
      control.refuse('aiplatform', apiDisabled('aiplatform.googleapis.com', project.number));
      expect(await refusal(other.jobs.listCustomJobs({ parent }, await other.asked()))).toMatchObject({
        code: 7,
        reason: 'SERVICE_DISABLED',
        errorInfoMetadata: { service: 'aiplatform.googleapis.com' },
      });
      control.refuse('aiplatform', null);
      control.refuse('CreateCustomJob', permissionDenied('aiplatform.customJobs.create', `//aiplatform/${parent}`));
      const creating = other.jobs.createCustomJob({ parent, customJob: customJob('true') }, await other.asked());
      expect(await refusal(creating)).toMatchObject({ code: 7, reason: 'IAM_PERMISSION_DENIED' });
    } finally {
      await other.stop();
    }
  });
});
