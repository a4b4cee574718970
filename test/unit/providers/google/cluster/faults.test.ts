import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AcceleratorName } from '../../../../../src/core/accelerator.ts';
import { isProviderError } from '../../../../../src/core/providerError.ts';
import { objectOf } from '../../../../../src/providers/google/paths.ts';
import { GoogleApiError } from '../../../../emulators/google/apiError.ts';
import { makeSnapshot } from '../../../../conformance/snapshot.ts';
import { gather, never, rejection } from '../../../../conformance/harness.ts';
import { whyNoContainers } from '../../../../emulators/containers/containerProcess.ts';
import { GoogleLab } from '../../../../fixtures/google/lab.ts';
import { quickClock } from '../../../../fixtures/quickClock.ts';
import { linesOf } from '../logs/virtualLogs.ts';

let lab: GoogleLab;

beforeEach(async () => {
  lab = await GoogleLab.start();
});

afterEach(async () => lab.stop());

/** Where a process may die, or its network: before or after each request of a submission. */
const deaths = (['loseRequest', 'loseReply'] as const).flatMap((kind) =>
  [{ method: 'objects.insert' }, { method: 'CreateCustomJob' }].flatMap((on) =>
    [0, 1].map((after) => ({ kind, on, after })),
  ),
);

describe.skipIf(whyNoContainers() !== null)('Google Cloud when things go wrong', () => {
  it.each(deaths)('makes exactly one job whatever gets lost: $kind of $on.method, after $after', async (fault) => {
    const first = lab.open();
    const input = await lab.prepare(first, 'true', { secrets: ['TOKEN'] });
    lab.google.control.addFault(fault);
    const outcome = await first.submit(input, never()).catch((error: unknown) => error);
    lab.google.control.clearFaults();
    // Another window goes on, as after a restart.
    const second = lab.open();
    const found = await second.find(input.key, never());
    const handle = await second.submit(input, never());
    expect(handle).toEqual(found ?? handle);
    if (!(outcome instanceof Error)) {
      expect(handle).toEqual(outcome);
    }
    expect(lab.jobs()).toEqual({ all: 1, wanted: 1 });
    expect(await lab.until(second, handle)).toMatchObject({ state: 'succeeded' });
  });

  it('finds a job whose reply was lost though lists show it late', async () => {
    lab.google.control.jobs.timing.listDelay = 250;
    const connection = lab.open();
    const input = await lab.prepare(connection, 'true');
    lab.google.control.addFault({ on: { method: 'CreateCustomJob' }, kind: 'loseReply' });
    expect(await rejection(connection.submit(input, never()))).toMatchObject({ tag: 'transient' });
    const found = await connection.find(input.key, never());
    expect(found).not.toBeNull();
    expect(await lab.open().submit(input, never())).toEqual(found);
    expect(lab.jobs().all).toBe(1);
  });

  it('makes one job of what two windows submit at once, and of a request that arrives twice', async () => {
    const windows = [lab.open(), lab.open(), lab.open()];
    const input = await lab.prepare(lab.open(), 'true');
    lab.google.control.addFault({ on: { method: 'CreateCustomJob' }, kind: 'duplicate' });
    const handles = await Promise.all(windows.map(async (window) => window.submit(input, never())));
    expect(new Set(handles.map(({ id }) => id)).size).toBe(1);
    const listed = await lab.open().list(never());
    expect(listed.map(({ handle }) => handle.id)).toEqual([handles[0]?.id]);
  });

  it('sends nothing any more after a long sleep in which another window took over', async () => {
    let sleptMs = 0;
    const clock = { ...quickClock(100), now: () => Date.now() + sleptMs };
    const sleeper = lab.open({ clock });
    const other = lab.open();
    const input = await lab.prepare(sleeper, 'true', { secrets: ['TOKEN'] });
    const secrets = { method: 'objects.insert', resource: /secrets\.sh$/u };
    lab.google.control.addFault({ on: secrets, kind: 'hangAfterWork' });
    const asleep = lab.google.control.nextRequest(secrets);
    const submitting = rejection(sleeper.submit(input, never()));
    await asleep;
    const handle = await other.submit(input, never());
    sleptMs = 3_600_000;
    lab.google.control.cutConnections();
    expect(await submitting).toMatchObject({ tag: 'transient' });
    expect(await sleeper.submit(input, never())).toEqual(handle);
    expect(lab.jobs().all).toBe(1);
  });

  it('looks once more before it sends what was claimed long ago', async () => {
    let sleptMs = 0;
    const { control, bucket } = lab.google;
    const sleeper = lab.open({ clock: { ...quickClock(100), now: () => Date.now() + sleptMs } });
    const input = await lab.prepare(sleeper, 'true', { secrets: ['TOKEN'] });
    const secrets = { method: 'objects.insert', resource: /secrets\.sh$/u };
    control.addFault({ on: secrets, kind: 'delay', ms: 3000 });
    const asleep = control.nextRequest(secrets);
    const submitting = rejection(sleeper.submit(input, never()));
    await asleep;
    sleptMs = 3_600_000;
    // Another window takes over.
    control.buckets.put(bucket, objectOf.submission(input.key), Buffer.from('{}'), { contentType: '', metadata: {} });
    expect(await submitting).toMatchObject({ message: expect.stringContaining('from elsewhere') });
    expect(lab.jobs().all).toBe(0);
  });

  it('renews a claim that has become old, and goes on with it', async () => {
    let sleptMs = 0;
    const { control, bucket } = lab.google;
    const sleeper = lab.open({ clock: { ...quickClock(100), now: () => Date.now() + sleptMs } });
    const input = await lab.prepare(sleeper, 'true', { secrets: ['TOKEN'] });
    const secrets = { method: 'objects.insert', resource: /secrets\.sh$/u };
    const claims = { method: 'objects.insert', resource: /submission\.json$/u };
    control.addFault({ on: secrets, kind: 'delay', ms: 1000 });
    const asleep = control.nextRequest(secrets);
    const submitting = sleeper.submit(input, never());
    await asleep;
    const before = control.countRequests(claims);
    sleptMs = 3_600_000;
    const { id } = await submitting;
    // Once to renew it, and once to complete it, which takes the generation of the renewed one.
    expect(control.countRequests(claims)).toBe(before + 2);
    const stored = control.buckets.find(bucket, objectOf.submission(input.key));
    expect(JSON.parse(await readFile(stored?.path ?? '', 'utf8'))).toMatchObject({ job: id });
  });

  it('leaves the secrets of whoever took an attempt over', async () => {
    let sleptMs = 0;
    const { control } = lab.google;
    const sleeper = lab.open({ clock: { ...quickClock(100), now: () => Date.now() + sleptMs } });
    const other = lab.open();
    const release = control.holdQueue();
    const input = await lab.prepare(sleeper, 'test "${#TOKEN}" = 14', { secrets: ['TOKEN'] });
    const secrets = { method: 'objects.insert', resource: /secrets\.sh$/u };
    control.addFault({ on: secrets, kind: 'hang' });
    const asleep = control.nextRequest(secrets);
    const submitting = rejection(sleeper.submit(input, never()));
    await asleep;
    const handle = await other.submit(input, never());
    sleptMs = 3_600_000;
    control.cutConnections();
    await submitting;
    expect(secretObjects()).toHaveLength(1);
    release();
    expect(await lab.until(lab.open(), handle)).toMatchObject({ state: 'succeeded' });
  });

  it('leaves no secrets of a submission that went no further', async () => {
    const { control } = lab.google;
    const connection = lab.open();
    const input = await lab.prepare(connection, 'true', { secrets: ['TOKEN'] });
    control.addFault({ on: { method: 'CreateCustomJob' }, kind: 'loseRequest' });
    await rejection(connection.submit(input, never()));
    expect(secretObjects()).toHaveLength(1);
    expect(await connection.find(input.key, never())).toBeNull();
    expect(secretObjects()).toEqual([]);
    const handle = await connection.submit(input, never());
    expect(secretObjects()).toHaveLength(1);
    expect(await lab.until(connection, handle)).toMatchObject({ state: 'succeeded' });
  });

  it('is not led to another host by a submission that somebody changed', async () => {
    const { control, bucket } = lab.google;
    const connection = lab.open();
    const input = await lab.prepare(connection, 'true');
    const handle = await connection.submit(input, never());
    const job = 'projects/x/locations/evil.example#/customJobs/1';
    for (const changed of [
      { region: 'evil.example/', job: null },
      { region: 'us-central1', job },
    ]) {
      const text = JSON.stringify({ name: 'x', spec: null, ...changed });
      control.buckets.put(bucket, objectOf.submission(input.key), Buffer.from(text), { contentType: '', metadata: {} });
      expect(await connection.find(input.key, never())).toEqual(handle);
    }
  });

  it('says what it knows of other regions when one hangs', { timeout: 60_000 }, async () => {
    const connection = lab.open();
    const here = await connection.submit(await lab.prepare(connection, 'true', { region: 'us-central1' }), never());
    const there = await connection.submit(await lab.prepare(connection, 'true', { region: 'europe-west4' }), never());
    await lab.until(connection, here);
    lab.google.control.addFault({ on: { region: 'europe-west4' }, kind: 'hang', times: 1000 });
    // The engine waits for half a minute.
    const observed = await connection.observe([here, there], AbortSignal.timeout(30_000));
    expect(observed.get(here.id)?.state).toBe('succeeded');
    expect(observed.get(there.id)).toMatchObject({
      state: 'unseen',
      reason: expect.stringMatching(/^The region europe-west4 .*did not answer within/u),
    });
  });

  it('answers though the removal of secrets hangs', async () => {
    const connection = lab.open();
    const release = lab.google.control.holdQueue();
    const waits = await connection.submit(await lab.prepare(connection, 'true', { secrets: ['TOKEN'] }), never());
    lab.google.control.addFault({ on: { method: 'objects.delete' }, kind: 'hang', times: 1000 });
    await connection.cancel(waits, never());
    release();
    expect(await lab.until(connection, waits)).toMatchObject({ state: 'cancelled' });
  });

  it('offers what the catalogue has when the quotas cannot be had', { timeout: 60_000 }, async () => {
    const connection = lab.open();
    lab.google.control.jobs.quotas.set('us-central1', 'custom_model_training_nvidia_l4_gpus', 7);
    const query = { accelerator: 'L4' as AcceleratorName, region: 'us-central1' };
    for (const code of [403, 404, 429, 503]) {
      const on = { api: 'cloudquotas' } as const;
      lab.google.control.addFault({ on, kind: 'answer', code, contentType: 'text/html', body: '<html>No</html>' });
      const [offer] = await connection.offers(query, never());
      expect(offer?.accelerator).toBe('L4');
      expect(offer?.note).not.toContain('quota');
    }
    const on = { api: 'cloudquotas' } as const;
    for (const fault of [
      { on, kind: 'loseRequest' },
      { on, kind: 'hang' },
    ] as const) {
      lab.google.control.addFault(fault);
      // The engine waits for half a minute.
      const [offer] = await connection.offers(query, AbortSignal.timeout(30_000));
      expect(offer?.note).not.toContain('quota');
    }
    expect((await connection.offers(query, never()))[0]?.note).toContain('quota 7');
  });

  it('leaves the jobs of other regions alone when one does not answer', async () => {
    const connection = lab.open();
    const here = await connection.submit(await lab.prepare(connection, 'true', { region: 'us-central1' }), never());
    const there = await connection.submit(await lab.prepare(connection, 'true', { region: 'europe-west4' }), never());
    await lab.until(connection, here);
    const down = new GoogleApiError('UNAVAILABLE', 'The service is currently unavailable.');
    lab.google.control.addFault({ on: { region: 'europe-west4' }, kind: 'fail', error: down, times: 1000 });
    const observed = await connection.observe([here, there], never());
    expect(observed.get(here.id)?.state).toBe('succeeded');
    expect(observed.get(there.id)).toMatchObject({
      state: 'unseen',
      reason: expect.stringMatching(/^The region europe-west4 does not say how its jobs are: ./u),
    });
    expect((await connection.list(never())).map(({ handle }) => handle.id)).toEqual([here.id]);
    expect(await rejection(connection.observe([there], never()))).toMatchObject({ tag: 'transient' });
    const again = await connection.submit(await lab.prepare(connection, 'true', { region: 'us-central1' }), never());
    expect(await lab.until(connection, again)).toMatchObject({ state: 'succeeded' });
  });

  it('gets another token when one is no longer taken, and says what to do when there is none', async () => {
    const { control } = lab.google;
    const connection = lab.open();
    const handle = await connection.submit(await lab.prepare(connection, 'true'), never());
    control.tokens.revokeAll();
    expect((await connection.observe([handle], never())).has(handle.id)).toBe(true);
    control.tokens.revokeAll();
    await connection.identity(never());
    control.refuseSignIn();
    control.tokens.revokeAll();
    const error = await rejection(connection.observe([handle], never()));
    expect(error).toMatchObject({
      tag: 'auth',
      remedy: expect.stringContaining('gcloud auth application-default login'),
    });
    control.refuseSignIn(false);
    expect((await connection.observe([handle], never())).has(handle.id)).toBe(true);
  });

  it.each([-5, 5])(
    'takes no harm from clocks that are %i hours apart, nor does a submission that died',
    async (hours) => {
      const { control } = lab.google;
      control.skewClock(hours * 3_600_000);
      const first = lab.open();
      const input = await lab.prepare(first, 'echo hello; test "${#TOKEN}" = 14', { secrets: ['TOKEN'] });
      control.addFault({ on: { method: 'CreateCustomJob' }, kind: 'loseRequest' });
      await rejection(first.submit(input, never()));
      const second = lab.open();
      const claims = { method: 'objects.get', resource: /submission\.json$/u };
      const before = control.countRequests(claims);
      expect(await second.find(input.key, never())).toBeNull();
      // A claim is given up when it is old by the clock of Google, and not at once.
      expect(control.countRequests(claims) - before).toBeGreaterThan(10);
      const handle = await second.submit(input, never());
      expect(lab.jobs()).toEqual({ all: 1, wanted: 1 });
      expect(await lab.until(second, handle)).toMatchObject({ state: 'succeeded' });
      expect(linesOf(await gather(second.logs(handle, null, never())))).toEqual(['stdout: hello']);
      await expect.poll(secretObjects).toEqual([]);
    },
  );

  it('passes a storm of 429s of Cloud Storage on with its wait, and goes on after it', async () => {
    const { control } = lab.google;
    const connection = lab.open();
    const input = await lab.prepare(connection, 'true');
    const body = JSON.stringify({ error: { code: 429, message: 'The object exceeded the rate limit.' } });
    const answer = { kind: 'answer', code: 429, contentType: 'application/json', body } as const;
    const headers = { 'retry-after': '3' };
    control.addFault({ on: { api: 'storage' }, ...answer, headers, times: 4 });
    const before = control.countRequests({ api: 'storage' });
    for (let round = 0; round < 4; round += 1) {
      expect(await rejection(connection.submit(input, never()))).toMatchObject({
        tag: 'rateLimited',
        retryAfterMs: 3000,
      });
    }
    // None is sent again by itself.
    expect(control.countRequests({ api: 'storage' }) - before).toBe(4);
    await connection.submit(input, never());
    expect(lab.jobs().all).toBe(1);
  });

  it('passes a storm of 429s on with its wait, and submits once after it', async () => {
    const connection = lab.open();
    const input = await lab.prepare(connection, 'true');
    const error = new GoogleApiError('RESOURCE_EXHAUSTED', 'Quota exceeded for quota metric, per minute', {
      errorInfo: { reason: 'RATE_LIMIT_EXCEEDED', domain: 'googleapis.com', metadata: {} },
      retryDelayMs: 2000,
    });
    lab.google.control.addFault({ on: { method: 'CreateCustomJob' }, kind: 'fail', error, times: 5 });
    for (let round = 0; round < 5; round += 1) {
      expect(await rejection(connection.submit(input, never()))).toMatchObject({
        tag: 'rateLimited',
        retryAfterMs: 2000,
      });
    }
    await connection.submit(input, never());
    expect(lab.jobs().all).toBe(1);
  });

  it('says which quota is missing, and leaves nothing behind', async () => {
    const { control } = lab.google;
    control.jobs.quotas.set('us-central1', 'custom_model_training_preemptible_nvidia_l4_gpus', 0);
    const connection = lab.open();
    const input = await lab.prepare(connection, 'true', {
      accelerator: { name: 'L4' as AcceleratorName, count: 1 },
      spot: true,
      secrets: ['TOKEN'],
    });
    const error = await rejection(connection.submit(input, never()));
    expect(error).toMatchObject({
      tag: 'quota',
      message: expect.stringContaining('no spot quota'),
      remedy: expect.stringContaining('console.cloud.google.com'),
    });
    expect(isProviderError(error) && error.raw).toContain('preemptible_nvidia_l4_gpus');
    expect(await connection.find(input.key, never())).toBeNull();
    const offers = await connection.offers({ accelerator: 'L4' as AcceleratorName, region: 'us-central1' }, never());
    expect(offers[0]).toMatchObject({ note: expect.stringContaining('spot quota 0') });
  });

  it('keeps secrets out of the job, and removes them with its end', async () => {
    const connection = lab.open();
    const command = 'test "${#TOKEN}" = 14';
    const ran = await connection.submit(await lab.prepare(connection, command, { secrets: ['TOKEN'] }), never());
    expect(await lab.until(connection, ran)).toMatchObject({ state: 'succeeded' });
    expect(JSON.stringify(lab.google.control.jobs.all().map(({ job }) => job))).not.toContain('value of');
    const release = lab.google.control.holdQueue();
    const waits = await connection.submit(await lab.prepare(connection, command, { secrets: ['TOKEN'] }), never());
    expect(secretObjects()).toHaveLength(1);
    await connection.cancel(waits, never());
    release();
    expect(await lab.until(connection, waits)).toMatchObject({ state: 'cancelled' });
    await expect.poll(secretObjects).toEqual([]);
  });

  it('sends of an edited snapshot what was edited alone', async () => {
    const connection = lab.open();
    const inserted = (): readonly string[] =>
      lab.google.control.requests.filter(({ method }) => method === 'objects.insert').map(({ resource }) => resource);
    await lab.prepare(connection, 'true');
    const before = inserted().length;
    await lab.prepare(connection, 'true');
    expect(inserted()).toHaveLength(before);
    const edited = await makeSnapshot('edited');
    try {
      await connection.stage(edited.snapshot, never(), () => undefined);
    } finally {
      await edited.dispose();
    }
    const [, changed] = edited.snapshot.pieces;
    expect(inserted().slice(before)).toEqual([
      expect.stringContaining(`aloft/pieces/${changed?.sha256}`),
      expect.stringContaining(`aloft/code/${edited.snapshot.id}`),
    ]);
  });
});

function secretObjects(): readonly string[] {
  const { control, bucket } = lab.google;
  return control.buckets
    .list(bucket)
    .map(({ name }) => name)
    .filter((name) => name.endsWith('secrets.sh'));
}
