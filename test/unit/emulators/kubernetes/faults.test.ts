import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { forbidden, tooManyRequests } from '../../../emulators/kubernetes/api/status.ts';
import { configMaps } from '../../../emulators/kubernetes/objects/resources.ts';
import {
  type ClientCluster,
  finishedJob,
  nameOf,
  namespace,
  noContainers,
  podsOf,
  refusal,
  shellJob,
  startWithClients,
} from './cluster.ts';
import { rawJson, rawRequest } from './rawRequest.ts';

const path = `/api/v1/namespaces/${namespace}/configmaps`;
const creation = { verb: 'create', resource: 'configmaps' } as const;

describe('an emulated cluster that misbehaves on command', () => {
  let cluster: ClientCluster;
  beforeAll(async () => {
    cluster = await startWithClients();
  });
  afterEach(() => cluster.control.clearFaults());
  afterAll(async () => cluster.stop());

  const post = async (name: string): ReturnType<typeof rawRequest> =>
    rawRequest(cluster, path, { method: 'POST', body: JSON.stringify({ metadata: { name } }) });
  const exists = (name: string): boolean => cluster.control.get(configMaps, namespace, name) !== undefined;

  it('loses a request before anything was done', async () => {
    cluster.control.addFault({ on: creation, kind: 'loseRequest' });
    await expect(post('lost-before')).rejects.toThrow(/socket hang up|ECONNRESET/u);
    expect(exists('lost-before')).toBe(false);
    expect((await post('lost-before')).code).toBe(201);
  });

  it('loses the reply when it was done', async () => {
    cluster.control.addFault({ on: creation, kind: 'loseReply' });
    await expect(post('lost-after')).rejects.toThrow(/socket hang up|ECONNRESET/u);
    expect(exists('lost-after')).toBe(true);
    expect((await post('lost-after')).code).toBe(409);
  });

  it('never answers, with or without having done it', async () => {
    for (const kind of ['hang', 'hangAfterWork'] as const) {
      const name = kind.toLowerCase();
      cluster.control.addFault({ on: creation, kind });
      const arrived = cluster.control.nextRequest(creation);
      const answered = post(name).then(
        () => 'answered',
        () => 'cut',
      );
      await arrived;
      await rawRequest(cluster, path);
      expect(exists(name)).toBe(kind === 'hangAfterWork');
      cluster.control.cutConnections();
      expect(await answered).toBe('cut');
    }
  });

  it('takes a request twice and answers as to the second', async () => {
    cluster.control.addFault({ on: creation, kind: 'duplicate' });
    expect((await post('twice')).code).toBe(409);
    expect(exists('twice')).toBe(true);
  });

  it('refuses in its own words, throttles with a time, and lets others answer in its place', async () => {
    cluster.control.addFault({
      on: creation,
      kind: 'fail',
      error: tooManyRequests('the server has received too many requests and has asked us to try again later', 3),
    });
    const throttled = await post('throttled');
    expect(throttled).toMatchObject({ code: 429, headers: { 'retry-after': '3' } });
    expect(JSON.parse(throttled.text)).toMatchObject({ reason: 'TooManyRequests', details: { retryAfterSeconds: 3 } });
    cluster.control.addFault({
      on: creation,
      kind: 'fail',
      error: forbidden(configMaps, 'x', 'not today'),
      times: 2,
      after: 1,
    });
    expect([(await post('a')).code, (await post('b')).code, (await post('c')).code, (await post('d')).code]).toEqual([
      201, 403, 403, 201,
    ]);
    cluster.control.addFault({
      on: creation,
      kind: 'answer',
      code: 502,
      contentType: 'text/html',
      body: '<h1>Bad Gateway</h1>',
    });
    expect(await post('proxied')).toMatchObject({ code: 502, text: '<h1>Bad Gateway</h1>' });
  });

  it('cuts an answer in the middle', async () => {
    cluster.control.addFault({ on: { verb: 'list', resource: 'configmaps' }, kind: 'cut', afterBytes: 10 });
    const answer = await rawRequest(cluster, path);
    expect(answer).toMatchObject({ code: 200, isCut: true, text: '{"kind":"C' });
  });

  it('befalls only what it is meant for', async () => {
    cluster.control.addFault({ on: { verb: 'create', resource: 'secrets' }, kind: 'loseRequest' });
    expect((await post('spared')).code).toBe(201);
    cluster.control.addFault({
      on: { ...creation, where: ({ namespace: asked }) => asked === 'kube-system' },
      kind: 'loseRequest',
    });
    expect((await post('spared-too')).code).toBe(201);
  });

  it('refuses by an admission webhook', async () => {
    const message = 'the team label is missing';
    cluster.control.refuseAdmission({ webhook: 'policy.example.com', message, resource: 'jobs.batch' });
    expect(
      await refusal(cluster.batch.createNamespacedJob({ namespace, body: shellJob('refused', 'true') })),
    ).toMatchObject({
      code: 400,
      status: { message: 'admission webhook "policy.example.com" denied the request: the team label is missing' },
    });
    cluster.control.refuseAdmission({ webhook: 'policy.example.com', message, code: 403, reason: 'Forbidden' });
    expect(JSON.parse((await post('refused')).text)).toMatchObject({ code: 403, reason: 'Forbidden' });
    cluster.control.refuseAdmission(null);
    expect((await post('refused')).code).toBe(201);
  });

  it('is drained and comes back at the same address', async () => {
    const watching = rawRequest(cluster, `${path}?watch=1`);
    await cluster.control.nextRequest({ verb: 'watch', resource: 'configmaps' });
    const restarted = cluster.control.restartServer();
    await expect(rawRequest(cluster, path)).rejects.toThrow(/ECONNREFUSED/u);
    expect((await watching).isCut).toBe(true);
    await restarted;
    expect((await rawRequest(cluster, path)).code).toBe(200);
  });

  it('has clocks of its own', async () => {
    cluster.control.skewClock(3_600_000);
    const { text } = await post('tomorrow');
    cluster.control.skewClock(0);
    const made = Date.parse(
      (JSON.parse(text) as { metadata: { creationTimestamp: string } }).metadata.creationTimestamp,
    );
    expect(Math.abs(made - 3_600_000 - Date.now())).toBeLessThan(60_000);
  });

  it('counts what it is asked', async () => {
    const before = cluster.control.countRequests({ resource: 'nodes' });
    await rawJson(cluster, '/api/v1/nodes');
    expect(cluster.control.countRequests({ resource: 'nodes' })).toBe(before + 1);
    expect(cluster.control.requests.at(-1)).toMatchObject({ verb: 'list', resource: 'nodes' });
  });

  it.skipIf(noContainers !== null)('cuts a log after any number of bytes', async () => {
    await cluster.batch.createNamespacedJob({ namespace, body: shellJob('cut', 'echo 0123456789') });
    await finishedJob(cluster, 'cut');
    const pod = nameOf((await podsOf(cluster, 'cut'))[0] ?? {});
    for (const afterBytes of [0, 1, 10]) {
      cluster.control.addFault({ on: { resource: 'pods', subresource: 'log' }, kind: 'cut', afterBytes });
      const answer = await rawRequest(cluster, `/api/v1/namespaces/${namespace}/pods/${pod}/log`);
      expect(answer).toMatchObject({ text: '0123456789\n'.slice(0, afterBytes), isCut: true });
    }
  });
});
