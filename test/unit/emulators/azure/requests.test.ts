import { describe, expect, it } from 'vitest';
import { userError } from '../../../emulators/azure/armError.ts';
import { environmentId, tokenOfCli, useAzure } from '../../../fixtures/azure/testAzure.ts';

describe('requests to the emulated Azure', () => {
  const test = useAzure();
  const properties = { jobType: 'Command', command: 'true', environmentId };
  const codeOf = (body: unknown): unknown => (body as { error?: { code?: string } }).error?.code;

  it('come in with a token that the real sign-in by az gets', async () => {
    const token = await tokenOfCli(test.azure, 'https://management.azure.com/.default');
    expect((await test.ask('GET', '/subscriptions', undefined, { token, version: '2022-12-01' })).status).toBe(200);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({
      upn: 'ada@lab.example',
      tid: test.azure.tenant,
      aud: 'https://management.azure.com',
    });
    test.azure.control.signOut();
    await expect(tokenOfCli(test.azure, 'https://management.azure.com/.default')).rejects.toThrow(
      "Please run 'az login'",
    );
    test.azure.control.refuseAz(null);
  });

  it('are refused without a token, with a wrong, an old or a foreign one', async () => {
    const old = test.azure.token();
    test.azure.control.expireTokens();
    for (const [token, code] of [
      [null, 'AuthenticationFailed'],
      ['x.y.z', 'InvalidAuthenticationToken'],
      [old, 'ExpiredAuthenticationToken'],
      [test.azure.token('https://storage.azure.com'), 'InvalidAuthenticationTokenAudience'],
    ] as const) {
      const { status, body, headers } = await test.ask('GET', 'jobs', undefined, { token });
      expect([status, codeOf(body)]).toEqual([401, code]);
      expect(headers.get('www-authenticate')).toContain('authorization_uri');
    }
  });

  it('need a version that there is', async () => {
    const { status, body } = await test.ask('GET', 'jobs', undefined, { version: '2019-01-01' });
    expect([status, codeOf(body)]).toEqual([400, 'InvalidApiVersionParameter']);
    expect(JSON.stringify(body)).toContain('The supported versions are');
  });

  it('say what is not there', async () => {
    const { subscription, workspace } = test.azure;
    const elsewhere = (from: string, to: string): string => workspace.armId.replace(from, to);
    expect(codeOf((await test.ask('GET', elsewhere(subscription, subscription.replace('1', '9')))).body)).toBe(
      'SubscriptionNotFound',
    );
    expect(codeOf((await test.ask('GET', elsewhere('/lab/', '/other/'))).body)).toBe('ResourceGroupNotFound');
    expect(codeOf((await test.ask('GET', elsewhere('/vision', '/none'))).body)).toBe('ResourceNotFound');
    expect((await test.ask('GET', 'jobs/nothing')).status).toBe(404);
  });

  it('are refused where the right is missing', async () => {
    test.azure.control.deny(/jobs\/write$/u);
    const { status, body } = await test.ask('PUT', 'jobs/forbidden', { properties });
    test.azure.control.deny(null);
    expect([status, codeOf(body)]).toEqual([403, 'AuthorizationFailed']);
    expect(JSON.stringify(body)).toContain('Microsoft.MachineLearningServices/workspaces/jobs/write');
  });

  it('find workspaces, their default datastore and its key', async () => {
    const { subscription, workspace, url } = test.azure;
    const listed = await test.ask(
      'GET',
      `/subscriptions/${subscription}/providers/Microsoft.MachineLearningServices/workspaces`,
    );
    expect(listed.body['value']).toMatchObject([{ id: workspace.armId, location: 'eastus' }]);
    const { body } = await test.ask('GET', workspace.armId.toLowerCase());
    expect(body['properties']).toMatchObject({ discoveryUrl: `${url}/discovery` });
    const stores = await test.ask('GET', 'datastores?isDefault=true');
    expect(stores.body['value']).toMatchObject([{ name: 'workspaceblobstore', properties: { isDefault: true } }]);
    const secrets = await test.ask('POST', 'datastores/workspaceblobstore/listSecrets');
    expect(secrets.body).toEqual({ secretsType: 'AccountKey', key: test.azure.control.storage.key });
  });

  it('list machines with prices, and quotas', async () => {
    const location = `/subscriptions/${test.azure.subscription}/providers/Microsoft.MachineLearningServices/locations/eastus`;
    const sizes = await test.ask('GET', `${location}/vmSizes`);
    expect(sizes.body['value']).toContainEqual(
      expect.objectContaining({ name: 'Standard_ND96isr_H100_v5', vCPUs: 96, gpus: 8, lowPriorityCapable: true }),
    );
    test.azure.control.catalog.setLimit('standardNDSH100v5Family', 0);
    test.azure.control.catalog.setUsed('StandardNCADSA100v4Family', 24);
    const usages = await test.ask('GET', `${location}/usages`);
    expect(usages.body['value']).toContainEqual(
      expect.objectContaining({ limit: 0, name: expect.objectContaining({ value: 'standardNDSH100v5Family' }) }),
    );
    expect(usages.body['value']).toContainEqual(
      expect.objectContaining({
        currentValue: 24,
        name: {
          value: 'StandardNCADSA100v4Family',
          localizedValue: 'Standard NCADSA100v4 Family Cluster Dedicated vCPUs',
        },
      }),
    );
    const refused = await test.ask('PUT', 'jobs/greedy', {
      properties: { ...properties, resources: { instanceType: 'Standard_ND96isr_H100_v5', instanceCount: 2 } },
    });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain('vCPU quota of 0 and is less than the requested 192');
  });

  it('make a job once under a name, take additions to it, and refuse changes', async () => {
    expect((await test.ask('PUT', 'jobs/once', { properties })).status).toBe(201);
    expect((await test.ask('PUT', 'jobs/ONCE', { properties })).status).toBe(200);
    const tagged = await test.ask('PUT', 'jobs/once', { properties: { ...properties, tags: { b: '2' } } });
    expect(tagged.body['properties']).toMatchObject({ tags: { b: '2' } });
    const changed = await test.ask('PUT', 'jobs/once', { properties: { ...properties, command: 'false' } });
    expect([changed.status, codeOf(changed.body)]).toEqual([400, 'UserError']);
    expect(test.azure.control.jobs().filter(({ name }) => name === 'once')).toHaveLength(1);
  });

  it('refuse jobs that make no sense', async () => {
    for (const more of [
      { environmentId: 'azureml://registries/azureml/environments/none/versions/1' },
      { command: ' ' },
      { computeId: `${test.azure.workspace.armId}/computes/none` },
      { resources: { instanceType: 'Standard_None' } },
      { limits: { timeout: '8h' } },
      { command: 'cat ${{inputs.missing}}' },
      { identity: { identityType: 'UserIdentity' } },
      { distribution: { distributionType: 'Other' } },
    ]) {
      const { status, body } = await test.ask('PUT', 'jobs/bad', { properties: { ...properties, ...more } });
      expect([status, codeOf(body)], JSON.stringify(more)).toEqual([400, 'UserError']);
    }
    expect((await test.ask('PUT', 'jobs/_bad', { properties })).status).toBe(400);
  });

  it('get lists page by page, filtered by tag', async () => {
    test.azure.control.setPageSize(2);
    for (let index = 0; index < 5; index += 1) {
      await test.ask('PUT', `jobs/paged-${index}`, { properties: { ...properties, tags: { set: 'paged' } } });
    }
    const names: string[] = [];
    let next: string | undefined = 'jobs?tag=set=paged';
    let pages = 0;
    while (next !== undefined) {
      const { body } = await test.ask('GET', next);
      names.push(...(body['value'] as { name: string }[]).map(({ name }) => name));
      const link = body['nextLink'] as string | undefined;
      next = link?.slice(test.azure.url.length);
      pages += 1;
    }
    test.azure.control.setPageSize(10);
    expect(pages).toBe(3);
    expect(names).toEqual([4, 3, 2, 1, 0].map((index) => `paged-${index}`));
  });

  it('meet what a test planned for them', async () => {
    const { control } = test.azure;
    const on = { method: 'PUT', path: /\/jobs\/lost$/u };
    control.addFault({ on, kind: 'loseReply' });
    await expect(test.ask('PUT', 'jobs/lost', { properties })).rejects.toThrow();
    expect(control.job('lost').name).toBe('lost');
    control.addFault({ on, kind: 'fail', error: userError('no') });
    expect((await test.ask('PUT', 'jobs/lost', { properties })).status).toBe(400);
    control.addFault({
      on,
      kind: 'answer',
      code: 429,
      contentType: 'application/json',
      body: '{}',
      headers: { 'retry-after': '7' },
    });
    const { status, headers } = await test.ask('PUT', 'jobs/lost', { properties });
    expect([status, headers.get('retry-after')]).toEqual([429, '7']);
    expect(control.countRequests(on)).toBe(3);
  });
});
