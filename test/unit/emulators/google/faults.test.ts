import { afterEach, afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GoogleApiError } from '../../../emulators/google/apiError.ts';
import { type ClientGoogle, customJob, noContainers, startWithClients } from './clients.ts';

let google: ClientGoogle;

beforeAll(async () => {
  google = await startWithClients({ serviceLog: false });
}, 60_000);

afterEach(() => {
  google.control.clearFaults();
});

afterAll(async () => {
  await google.stop();
});

async function create(label: string, region = google.region): Promise<string> {
  const parent = google.parent.replace(google.region, region);
  const request = { parent, customJob: customJob('true', { labels: { run: label } }) };
  const [job] = await google.jobs.createCustomJob(request, { ...(await google.asked()), timeout: 2000 });
  return job.name ?? '';
}

async function count(label: string): Promise<number> {
  const request = { parent: google.parent, filter: `labels.run=${label}` };
  return (await google.jobs.listCustomJobs(request, await google.asked()))[0].length;
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'nothing was refused',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );
}

const creating = { method: 'CreateCustomJob' } as const;

describe('a request to make a job', () => {
  it.each([
    ['loseReply', 14, 1],
    ['loseRequest', 14, 0],
    ['hang', 4, 0],
    ['hangAfterWork', 4, 1],
  ] as const)('with %s ends with code %i and %i job', async (kind, code, jobs) => {
    google.control.addFault({ on: creating, kind });
    expect(await codeOf(create(kind.toLowerCase()))).toBe(code);
    expect(await count(kind.toLowerCase())).toBe(jobs);
  });

  it('that arrives twice makes two jobs', async () => {
    google.control.addFault({ on: creating, kind: 'duplicate' });
    await create('twice');
    expect(await count('twice')).toBe(2);
  });

  it('is answered by something before the service', async () => {
    google.control.addFault({
      on: creating,
      kind: 'answer',
      code: 503,
      contentType: 'text/html',
      body: '<h1>Busy</h1>',
    });
    expect(await codeOf(create('proxy'))).toBe(14);
    const error = new GoogleApiError('INTERNAL', 'Internal error encountered.');
    google.control.addFault({ on: creating, kind: 'fail', error, after: 1 });
    await create('good');
    expect(await codeOf(create('bad'))).toBe(13);
  });

  it('fails in a region that is down, and not in others', async () => {
    google.control.addFault({ on: { region: 'us-east5' }, kind: 'hang', times: 100 });
    expect(await codeOf(create('down', 'us-east5'))).toBe(4);
    expect(await create('up')).toContain('/locations/us-central1/');
  });

  it('makes a job that is in no list for as long as is said', async () => {
    google.control.jobs.timing.listDelay = 3_600_000;
    const name = await create('unseen');
    google.control.jobs.timing.listDelay = 0;
    await create('seen');
    expect([await count('unseen'), await count('seen')]).toEqual([0, 1]);
    expect((await google.jobs.getCustomJob({ name }, await google.asked()))[0]).toMatchObject({ name });
  });

  it('is recorded', async () => {
    const before = google.control.countRequests(creating);
    const arrived = google.control.nextRequest(creating);
    await create('recorded');
    await arrived;
    expect(google.control.countRequests(creating)).toBe(before + 1);
    expect(google.control.requests.at(-1)).toMatchObject({ api: 'aiplatform', region: 'us-central1' });
  });
});

describe.skipIf(noContainers !== null)('capacity', () => {
  async function end(name: string) {
    await expect
      .poll(async () => (await google.jobs.getCustomJob({ name }, await google.asked()))[0].endTime, {
        timeout: 20_000,
      })
      .not.toBeNull();
    return (await google.jobs.getCustomJob({ name }, await google.asked()))[0];
  }

  async function createWith(scheduling: object): Promise<string> {
    const job = customJob('true');
    const [pool] = job.jobSpec.workerPoolSpecs;
    const machineSpec = { machineType: 'g2-standard-4', acceleratorType: 'NVIDIA_L4', acceleratorCount: 1 } as const;
    const jobSpec = { workerPoolSpecs: [{ ...pool, machineSpec }], scheduling };
    const request = { parent: google.parent, customJob: { ...job, jobSpec } };
    return (await google.jobs.createCustomJob(request, await google.asked()))[0].name ?? '';
  }

  it('is waited for by a job of Flex-start, up to its limit', async () => {
    const restock = google.control.jobs.addShortage({ machine: 'NVIDIA_L4' });
    const short = await createWith({ strategy: 'FLEX_START', maxWaitDuration: { seconds: 1 } });
    const patient = await createWith({ strategy: 'FLEX_START', maxWaitDuration: { seconds: 600 } });
    expect(await end(short)).toMatchObject({ state: 'JOB_STATE_FAILED', error: { code: 8 } });
    restock();
    expect(await end(patient)).toMatchObject({ state: 'JOB_STATE_SUCCEEDED' });
  });

  it('of Spot is apart from the usual', async () => {
    const restock = google.control.jobs.addShortage({ spot: true });
    expect(await end(await createWith({ strategy: 'SPOT' }))).toMatchObject({ state: 'JOB_STATE_FAILED' });
    expect(await end(await createWith({}))).toMatchObject({ state: 'JOB_STATE_SUCCEEDED' });
    restock();
  });
});
