import { AuthorizationV1Api, AuthenticationV1Api, CoreV1Api } from '@kubernetes/client-node';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rule } from '../../../emulators/kubernetes/api/users.ts';
import { type ClientCluster, configOf, namespace, refusal, startWithClients } from './cluster.ts';
import { rawJson, rawRequest } from './rawRequest.ts';

const editRules: readonly Rule[] = [
  { verbs: ['*'], apiGroups: ['batch', ''], resources: ['jobs', 'pods'], namespace },
  { verbs: ['get'], apiGroups: [''], resources: ['pods/log'], namespace },
];

describe('getting into the emulated cluster', () => {
  let cluster: ClientCluster;
  beforeAll(async () => {
    cluster = await startWithClients();
    cluster.control.addUser({ name: 'ada', groups: ['lab'] }, 'ada-token', editRules);
  });
  afterAll(async () => cluster.stop());

  const unauthorized = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Unauthorized',
    reason: 'Unauthorized',
    code: 401,
  };

  it('takes a token, a client certificate and an exec plugin', async () => {
    const plugin = join(cluster.folder, 'plugin.sh');
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'ada-token' },
    };
    await writeFile(plugin, `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
    await chmod(plugin, 0o755);
    const path = await cluster.writeKubeconfig('by-plugin', { ada: { kind: 'exec', command: plugin, args: [] } }, [
      { name: 'plugin', user: 'ada', namespace },
    ]);
    const whoIs = async (config: ReturnType<typeof configOf>): Promise<string | undefined> => {
      const api = config.makeApiClient(AuthenticationV1Api);
      const { status } = await api.createSelfSubjectReview({ body: {} });
      return status?.userInfo?.username;
    };
    expect(await whoIs(cluster.config)).toBe('admin');
    expect(await whoIs(configOf(cluster.kubeconfigPath, 'certificate'))).toBe('kubernetes-admin');
    expect(await whoIs(configOf(path))).toBe('ada');
  });

  it('answers 401 to a token that it does not know, or knows no more', async () => {
    cluster.control.addUser({ name: 'gone', groups: [] }, 'gone-token', editRules);
    const ask = async (): Promise<unknown> =>
      rawJson(cluster, `/api/v1/namespaces/${namespace}/pods`, { token: 'gone-token' });
    expect(await ask()).toMatchObject({ kind: 'PodList' });
    cluster.control.revokeToken('gone-token');
    expect(await ask()).toEqual(unauthorized);
  });

  it('answers 401 to certificates that are no longer good', async () => {
    const core = configOf(cluster.kubeconfigPath, 'certificate').makeApiClient(CoreV1Api);
    cluster.control.expireCertificates();
    expect(await refusal(core.listNamespacedPod({ namespace }))).toMatchObject({ code: 401 });
    cluster.control.expireCertificates(false);
    await expect(core.listNamespacedPod({ namespace })).resolves.toMatchObject({ items: [] });
  });

  it('calls those who show nothing anonymous, and lets them read the version', async () => {
    expect(await rawJson(cluster, '/version', { token: null })).toMatchObject({ major: '1' });
    expect(await rawJson(cluster, '/apis', { token: null })).toMatchObject({
      code: 403,
      message: 'forbidden: User "system:anonymous" cannot get path "/apis"',
    });
    expect(await rawJson(cluster, `/api/v1/namespaces/${namespace}/pods`, { token: null })).toMatchObject({
      code: 403,
      message: `pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "${namespace}"`,
    });
  });

  it.each([
    [
      '/api/v1/nodes',
      'nodes is forbidden: User "ada" cannot list resource "nodes" in API group "" at the cluster scope',
    ],
    [
      '/api/v1/namespaces/kube-system/pods/x',
      'pods "x" is forbidden: User "ada" cannot get resource "pods" in API group "" in the namespace "kube-system"',
    ],
    [
      '/apis/batch/v1/namespaces/kube-system/jobs?watch=1',
      'jobs.batch is forbidden: User "ada" cannot watch resource "jobs" in API group "batch" in the namespace "kube-system"',
    ],
    [
      '/api/v1/namespaces/default/secrets',
      'secrets is forbidden: User "ada" cannot list resource "secrets" in API group "" in the namespace "default"',
    ],
    [
      '/api/v1/namespaces/default/pods/x/exec',
      'pods "x" is forbidden: User "ada" cannot get resource "pods/exec" in API group "" in the namespace "default"',
    ],
  ])('says what is missing for %s', async (path, message) => {
    const { text, code } = await rawRequest(cluster, path, { token: 'ada-token' });
    expect(code).toBe(403);
    expect(JSON.parse(text)).toMatchObject({ status: 'Failure', reason: 'Forbidden', message, code: 403 });
  });

  it('answers what somebody may do', async () => {
    const path = await cluster.writeKubeconfig('ada', { ada: { kind: 'token', token: 'ada-token' } }, [
      { name: 'ada', user: 'ada' },
    ]);
    const api = configOf(path).makeApiClient(AuthorizationV1Api);
    const may = async (resourceAttributes: object): Promise<boolean | undefined> => {
      const { status } = await api.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } });
      return status?.allowed;
    };
    expect(await may({ namespace, verb: 'create', group: 'batch', resource: 'jobs' })).toBe(true);
    expect(await may({ namespace, verb: 'get', resource: 'pods', subresource: 'log' })).toBe(true);
    expect(await may({ namespace, verb: 'create', resource: 'pods', subresource: 'exec' })).toBe(false);
    expect(await may({ verb: 'list', resource: 'nodes' })).toBe(false);
  });

  it('is no place for those who do not trust its authority', async () => {
    const config = configOf(cluster.kubeconfigPath);
    const [known] = config.getClusters();
    config.loadFromClusterAndUser(
      { name: 'untrusted', server: known?.server ?? '', skipTLSVerify: false },
      { name: 'admin', token: cluster.token },
    );
    await expect(config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace })).rejects.toThrow();
    expect(await refusal(cluster.core.readNamespacedPod({ namespace, name: 'x' }))).toMatchObject({ code: 404 });
  });
});
