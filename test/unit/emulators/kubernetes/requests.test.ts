import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientCluster, namespace, refusal, shellJob, shellPod, startWithClients } from './cluster.ts';
import { rawJson, rawRequest } from './rawRequest.ts';

const jobsPath = `/apis/batch/v1/namespaces/${namespace}/jobs`;

describe('requests to the emulated API server', () => {
  let cluster: ClientCluster;
  beforeAll(async () => {
    cluster = await startWithClients();
    cluster.control.pauseScheduler(true);
  });
  afterAll(async () => cluster.stop());

  it('tells its version, its groups and their resources', async () => {
    expect(await rawJson(cluster, '/version')).toMatchObject({ major: '1', minor: '34', gitVersion: 'v1.34.9' });
    expect(await rawJson(cluster, '/api')).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const groups = (await rawJson(cluster, '/apis')) as unknown as { groups: { name: string }[] };
    expect(groups.groups.map(({ name }) => name)).toEqual(expect.arrayContaining(['batch', 'authorization.k8s.io']));
    const { resources } = (await rawJson(cluster, '/api/v1')) as unknown as { resources: { name: string }[] };
    expect(resources.map(({ name }) => name)).toEqual(expect.arrayContaining(['pods', 'pods/log', 'pods/exec']));
    expect(await rawJson(cluster, '/apis/jobset.x-k8s.io')).toMatchObject({ code: 404, reason: 'NotFound' });
  });

  it('fills in what a Job leaves out', async () => {
    const job = await cluster.batch.createNamespacedJob({ namespace, body: shellJob('defaults', 'true') });
    expect(job).toMatchObject({
      metadata: { generation: 1, namespace },
      spec: {
        completions: 1,
        parallelism: 1,
        completionMode: 'NonIndexed',
        suspend: false,
        podReplacementPolicy: 'TerminatingOrFailed',
        selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': job.metadata?.uid } },
        template: {
          metadata: { labels: { 'batch.kubernetes.io/job-name': 'defaults', 'job-name': 'defaults' } },
          spec: { dnsPolicy: 'ClusterFirst', schedulerName: 'default-scheduler' },
        },
      },
    });
    expect(job.spec?.template.spec?.containers[0]).toMatchObject({
      imagePullPolicy: 'IfNotPresent',
      terminationMessagePath: '/dev/termination-log',
    });
  });

  it('writes amounts as it always does', async () => {
    const requests = { cpu: '1000m', memory: '1000000', 'ephemeral-storage': '2048Mi' };
    const containers = [{ name: 'main', image: 'a', resources: { requests } }];
    const job = shellJob('amounts', '', { template: { spec: shellPod('', { containers }) } });
    const made = await cluster.batch.createNamespacedJob({ namespace, dryRun: 'All', body: job });
    expect(made.spec?.template.spec?.containers[0]?.resources?.requests).toEqual({
      cpu: '1',
      memory: '1M',
      'ephemeral-storage': '2Gi',
    });
  });

  it('refuses what is there already', async () => {
    const body = shellJob('twice', 'true');
    await cluster.batch.createNamespacedJob({ namespace, body });
    expect(await refusal(cluster.batch.createNamespacedJob({ namespace, body }))).toEqual({
      code: 409,
      status: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'jobs.batch "twice" already exists',
        reason: 'AlreadyExists',
        details: { name: 'twice', group: 'batch', kind: 'jobs' },
        code: 409,
      },
    });
  });

  it('names a namespace and an object that are not there', async () => {
    const inNowhere = await refusal(
      cluster.batch.createNamespacedJob({ namespace: 'nowhere', body: shellJob('a', 'true') }),
    );
    expect(inNowhere).toMatchObject({
      code: 404,
      status: { message: 'namespaces "nowhere" not found', details: { name: 'nowhere', kind: 'namespaces' } },
    });
    expect(await refusal(cluster.batch.readNamespacedJob({ namespace, name: 'nobody' }))).toMatchObject({
      code: 404,
      status: { message: 'jobs.batch "nobody" not found', reason: 'NotFound' },
    });
  });

  it.each([
    ['a name with capitals', { name: 'Capital' }, {}, 'metadata.name'],
    [
      'an indexed job whose pods would have too long a name',
      { name: 'a'.repeat(63) },
      { completionMode: 'Indexed', completions: 2 },
      'metadata.name',
    ],
    ['a name too long for a label', { name: 'a'.repeat(64) }, {}, 'spec.template.labels'],
    ['a label that is none', { name: 'a', labels: { key: 'not a label' } }, {}, 'metadata.labels'],
    ['a negative parallelism', { name: 'a' }, { parallelism: -1 }, 'spec.parallelism'],
    [
      'an indexed job without completions',
      { name: 'a' },
      { completionMode: 'Indexed', parallelism: 1 },
      'spec.completions',
    ],
    [
      'a container without an image',
      { name: 'a' },
      { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main' }] } } },
      'spec.template.spec.containers[0].image',
    ],
    [
      'a pod that is started again for ever',
      { name: 'a' },
      { template: { spec: { restartPolicy: 'Always', containers: [{ name: 'main', image: 'a' }] } } },
      'spec.template.spec.restartPolicy',
    ],
    [
      'GPUs that are asked for without a limit',
      { name: 'a' },
      {
        template: {
          spec: shellPod('true', {
            containers: [{ name: 'main', image: 'a', resources: { requests: { 'nvidia.com/gpu': '1' } } }],
          }),
        },
      },
      'spec.template.spec.containers[0].resources.limits',
    ],
    [
      'a mount of no volume',
      { name: 'a' },
      {
        template: {
          spec: shellPod('true', {
            containers: [{ name: 'main', image: 'a', volumeMounts: [{ name: 'nothing', mountPath: '/x' }] }],
          }),
        },
      },
      'spec.template.spec.containers[0].volumeMounts[0].name',
    ],
  ] as const)('refuses %s, and names the field', async (_, metadata, spec, field) => {
    const job = Object.assign(shellJob('', 'true', structuredClone<object>(spec)), { metadata });
    const { code, status } = await refusal(cluster.batch.createNamespacedJob({ namespace, dryRun: 'All', body: job }));
    expect({ code, reason: status['reason'] }).toEqual({ code: 422, reason: 'Invalid' });
    expect(status['details']).toMatchObject({
      causes: expect.arrayContaining([expect.objectContaining({ field })]) as unknown,
    });
    expect(status['message']).toContain(`${field}: `);
  });

  it('takes 57 letters and an index, as observed', async () => {
    const name = 'a'.repeat(57);
    const spec = { completionMode: 'Indexed', completions: 10, parallelism: 1 };
    const job = await cluster.batch.createNamespacedJob({
      namespace,
      dryRun: 'All',
      body: shellJob(name, 'true', spec),
    });
    expect(job.metadata?.name).toBe(name);
  });

  it('makes nothing in a dry run', async () => {
    await cluster.batch.createNamespacedJob({ namespace, dryRun: 'All', body: shellJob('dry', 'true') });
    expect(await refusal(cluster.batch.readNamespacedJob({ namespace, name: 'dry' }))).toMatchObject({ code: 404 });
  });

  it('refuses values of a wrong type, drops unknown fields with a warning, and refuses them where it is asked to', async () => {
    const post = async (query: string, spec: object): Promise<Awaited<ReturnType<typeof rawRequest>>> =>
      rawRequest(cluster, `${jobsPath}?dryRun=All${query}`, {
        method: 'POST',
        body: JSON.stringify({
          apiVersion: 'batch/v1',
          kind: 'Job',
          metadata: { name: 'typed' },
          spec: { template: { spec: shellPod('true') }, ...spec },
        }),
      });
    expect(JSON.parse((await post('', { backoffLimit: 'three' })).text)).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message:
        'Job in version "v1" cannot be handled as a Job: json: cannot unmarshal string into Go struct field JobSpec.spec.backoffLimit of type int32',
    });
    const dropped = await post('', { backOffLimit: 3 });
    expect(dropped.headers['warning']).toBe('299 - "unknown field \\"spec.backOffLimit\\""');
    expect((JSON.parse(dropped.text) as { spec: object }).spec).not.toHaveProperty('backOffLimit');
    expect(JSON.parse((await post('&fieldValidation=Strict', { backOffLimit: 3 })).text)).toMatchObject({
      code: 400,
      message:
        'Job in version "v1" cannot be handled as a Job: strict decoding error: unknown field "spec.backOffLimit"',
    });
  });

  it('limits Secrets and ConfigMaps to a mebibyte of decoded bytes, and requests to three', async () => {
    const secret = async (bytes: number): Promise<unknown> =>
      cluster.core.createNamespacedSecret({
        namespace,
        dryRun: 'All',
        body: { metadata: { name: 'big' }, data: { code: Buffer.alloc(bytes).toString('base64') } },
      });
    await expect(secret(1_048_576)).resolves.toMatchObject({ type: 'Opaque' });
    expect(await refusal(secret(1_048_577))).toMatchObject({
      code: 422,
      status: { message: 'Secret "big" is invalid: data: Too long: may not be more than 1048576 bytes' },
    });
    expect(await refusal(secret(3_000_000))).toMatchObject({
      code: 413,
      status: { reason: 'RequestEntityTooLarge', message: 'Request entity too large: limit is 3145728' },
    });
  });

  it('says what media types it takes and gives', async () => {
    const unknown = await rawJson(cluster, jobsPath, {
      method: 'POST',
      headers: { 'content-type': 'text/html' },
      body: '<job/>',
    });
    expect(unknown).toMatchObject({ code: 415, reason: 'UnsupportedMediaType' });
    const protobuf = await rawJson(cluster, jobsPath, { headers: { accept: 'image/png' } });
    expect(protobuf).toMatchObject({ code: 406, reason: 'NotAcceptable' });
  });

  it('gives the metadata alone to those who ask for it', async () => {
    await cluster.batch.createNamespacedJob({ namespace, body: shellJob('partial', 'true') });
    const headers = { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json' };
    const one = await rawJson(cluster, `${jobsPath}/partial`, { headers });
    expect(Object.keys(one).toSorted()).toEqual(['apiVersion', 'kind', 'metadata']);
    expect(one).toMatchObject({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name: 'partial' },
    });
    const list = await rawJson(cluster, `${jobsPath}?fieldSelector=metadata.name%3Dpartial`, { headers });
    expect(list).toMatchObject({ kind: 'PartialObjectMetadataList', items: [{ kind: 'PartialObjectMetadata' }] });
  });

  it('hands out a long list in pages of one moment', async () => {
    const names = Array.from({ length: 5 }, (_, index) => `page-${index}`);
    for (const name of names) {
      await cluster.core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { paged: '' } } } });
    }
    const labelSelector = 'paged';
    const first = await cluster.core.listNamespacedConfigMap({ namespace, labelSelector, limit: 2 });
    await cluster.core.deleteNamespacedConfigMap({ namespace, name: 'page-3' });
    const more = { namespace, labelSelector, limit: 2, _continue: first.metadata?._continue ?? '' };
    const second = await cluster.core.listNamespacedConfigMap(more);
    expect([...first.items, ...second.items].map(({ metadata }) => metadata?.name)).toEqual(names.slice(0, 4));
    expect(second.metadata?.resourceVersion).toBe(first.metadata?.resourceVersion);
    cluster.control.compact();
    await cluster.core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'page-9' } } });
    expect(await refusal(cluster.core.listNamespacedConfigMap(more))).toMatchObject({
      code: 410,
      status: { reason: 'Expired' },
    });
  });

  it('selects by labels and fields, and names fields that it does not know', async () => {
    await cluster.core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: 's1', labels: { a: '1', b: 'x' } } },
    });
    await cluster.core.createNamespacedSecret({ namespace, body: { metadata: { name: 's2', labels: { a: '2' } } } });
    const select = async (labelSelector: string): Promise<(string | undefined)[]> => {
      const { items } = await cluster.core.listNamespacedSecret({ namespace, labelSelector });
      return items.map(({ metadata }) => metadata?.name);
    };
    expect(await select('a in (1,2),!b')).toEqual(['s2']);
    expect(await select('a notin (2), a')).toEqual(['s1']);
    expect(await select('a!=1,a')).toEqual(['s2']);
    expect(
      await refusal(cluster.core.listNamespacedPod({ namespace, fieldSelector: 'spec.priority=1' })),
    ).toMatchObject({ code: 400, status: { message: 'field label not supported: spec.priority' } });
    expect(await refusal(cluster.core.listNamespacedPod({ namespace, labelSelector: 'a=b=c' }))).toMatchObject({
      code: 400,
    });
  });

  it('lets nobody overwrite what they have not seen', async () => {
    const made = await cluster.core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'seen' } } });
    const body = Object.assign(made, { data: { by: 'one' } });
    await cluster.core.replaceNamespacedConfigMap({ namespace, name: 'seen', body });
    expect(await refusal(cluster.core.replaceNamespacedConfigMap({ namespace, name: 'seen', body }))).toMatchObject({
      code: 409,
      status: {
        reason: 'Conflict',
        message:
          'Operation cannot be fulfilled on configmaps "seen": the object has been modified; please apply your changes to the latest version and try again',
      },
    });
  });

  it('patches in each of the four ways', async () => {
    const send = async (contentType: string, body: unknown, query = ''): Promise<Record<string, unknown>> =>
      rawJson(cluster, `/api/v1/namespaces/${namespace}/configmaps/patched${query}`, {
        method: 'PATCH',
        headers: { 'content-type': contentType },
        body: JSON.stringify(body),
      });
    const config = (data: object): object => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'patched' },
      data,
    });
    const created = await send('application/apply-patch+yaml', config({ a: '1', b: '2' }), '?fieldManager=test');
    const again = await send('application/apply-patch+yaml', config({ a: '1', b: '2' }), '?fieldManager=test');
    expect(again['metadata']).toEqual(created['metadata']);
    expect((await send('application/apply-patch+yaml', config({ a: '3' }), '?fieldManager=test'))['data']).toEqual({
      a: '3',
    });
    expect((await send('application/merge-patch+json', { data: { a: null, c: '4' } }))['data']).toEqual({ c: '4' });
    expect((await send('application/json-patch+json', [{ op: 'add', path: '/data/d', value: '5' }]))['data']).toEqual({
      c: '4',
      d: '5',
    });
    const metadata = { finalizers: ['example.com/a'] };
    await send('application/strategic-merge-patch+json', { metadata });
    const both = await send('application/strategic-merge-patch+json', { metadata: { finalizers: ['example.com/b'] } });
    expect(both['metadata']).toMatchObject({ finalizers: ['example.com/a', 'example.com/b'] });
    expect(await send('application/apply-patch+yaml', config({}))).toMatchObject({ code: 422 });
    expect(await send('text/plain', {})).toMatchObject({ code: 415 });
  });

  it('keeps what a job runs as it was', async () => {
    await cluster.batch.createNamespacedJob({ namespace, body: shellJob('fixed', 'true') });
    const body = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'other' }];
    const { code, status } = await refusal(cluster.batch.patchNamespacedJob({ namespace, name: 'fixed', body }));
    expect(code).toBe(422);
    expect(status['message']).toMatch(
      /^Job\.batch "fixed" is invalid: spec\.template: Invalid value: .*: field is immutable$/su,
    );
  });
});
