import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProviderErrorTag } from '../../src/core/providerError.ts';
import { provider } from '../../src/providers/kubernetes/index.ts';
import type { RequestMatch } from '../emulators/kubernetes/faults.ts';
import { startCluster, type StartedCluster } from '../emulators/kubernetes/startCluster.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { describeWithContainers } from './describeWithContainers.ts';
import type { Faults, Method, ProviderSetup, StartedProvider } from './setup.ts';
import { shellScenarios } from './shellScenarios.ts';
import { snapshotGreeting } from './snapshot.ts';

/** A container's two streams are one in its log. */
const prints = {
  command: String.raw`cat data/greeting.txt; printf 'half a character \303\n\377\000\rno end'`,
  stdout: Buffer.concat([
    Buffer.from(snapshotGreeting),
    Buffer.from('half a character '),
    Buffer.from([0xc3, 0x0a, 0xff, 0x00, 0x0d]),
    Buffer.from('no end'),
  ]),
  stderr: Buffer.alloc(0),
};

/** The request that does the work of a method. */
const workOf: Readonly<Record<Method, RequestMatch>> = {
  identity: { resource: 'selfsubjectreviews' },
  offers: { resource: 'nodes', verb: 'list' },
  stage: { resource: 'secrets', verb: 'get' },
  submit: { resource: 'jobs', verb: 'create' },
  find: { resource: 'jobs', verb: 'get' },
  list: { resource: 'jobs', verb: 'list' },
  observe: { resource: 'jobs', verb: 'list' },
  logs: { resource: 'pods', subresource: 'log' },
  cancel: { resource: 'jobs', verb: 'delete' },
  outputs: { resource: 'jobs', verb: 'list' },
  readOutput: { resource: 'jobs', verb: 'list' },
  remove: { resource: 'jobs', verb: 'delete' },
};

/** The first request of a method: an ended job is not deleted, and so is only looked at. */
const requestOf: typeof workOf = {
  ...workOf,
  submit: { resource: 'jobs', verb: 'create' },
  cancel: { resource: 'jobs', verb: 'list' },
};

/** How the API server, or what stands before it, says each. */
const refusals: Readonly<Record<ProviderErrorTag, { readonly code: number; readonly reason: string }>> = {
  auth: { code: 401, reason: 'Unauthorized' },
  quota: { code: 403, reason: 'Forbidden' },
  capacity: { code: 507, reason: 'InsufficientStorage' },
  rateLimited: { code: 429, reason: 'TooManyRequests' },
  transient: { code: 503, reason: 'ServiceUnavailable' },
  invalid: { code: 422, reason: 'Invalid' },
  notFound: { code: 404, reason: 'NotFound' },
  conflict: { code: 409, reason: 'Conflict' },
  unsupported: { code: 405, reason: 'MethodNotAllowed' },
};

function refuse(cluster: StartedCluster, method: Method, tag: ProviderErrorTag, retryAfterSeconds?: number): string {
  const { code, reason } = refusals[tag];
  const message =
    tag === 'quota'
      ? 'jobs.batch "x" is forbidden: exceeded quota: rq, requested: count/jobs.batch=1, used: count/jobs.batch=8, limited: count/jobs.batch=8'
      : `the server's own words about ${tag}`;
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  cluster.control.addFault({
    on: requestOf[method],
    kind: 'answer',
    code,
    contentType: 'application/json',
    body: JSON.stringify(status),
    ...(retryAfterSeconds === undefined ? {} : { headers: { 'Retry-After': String(retryAfterSeconds) } }),
  });
  return message;
}

function faultsOf(cluster: StartedCluster): Faults {
  const { control } = cluster;
  return {
    holdQueue: async () => {
      const release = control.cordonAll();
      return async () => release();
    },
    loseReply: async (method) => control.addFault({ on: workOf[method], kind: 'loseReply' }),
    loseRequest: async (method) => control.addFault({ on: requestOf[method], kind: 'loseRequest' }),
    duplicateRequest: async (method) => control.addFault({ on: workOf[method], kind: 'duplicate' }),
    failNext: async (method, tag) => refuse(cluster, method, tag),
    rateLimitNext: async (method, ms) => {
      refuse(cluster, method, 'rateLimited', ms / 1000);
    },
    hang: async (method) => {
      control.addFault({ on: requestOf[method], kind: 'hang' });
      const arrived = control.nextRequest(requestOf[method]);
      return async () => arrived;
    },
    hangAfterWork: async (method) => control.addFault({ on: workOf[method], kind: 'hangAfterWork' }),
    dropLog: async (afterBytes) => control.addFault({ on: requestOf.logs, kind: 'cut', afterBytes }),
    lateObservation: async () => Promise.reject(new Error('never asked for')),
    loseConnections: async () => control.cutConnections(),
    gap: async () => Promise.reject(new Error('never asked for')),
  };
}

async function start(): Promise<StartedProvider> {
  const cluster = await startCluster();
  const folder = await mkdtemp(join(tmpdir(), 'aloft-kubernetes-files-'));
  const settings = { kubeconfig: cluster.kubeconfigPath, context: 'admin', namespace: 'default' };
  return {
    open: async () => provider.connect(settings, testPorts('kubernetes', folder)),
    scenarios: { ...shellScenarios, prints, refused: { image: 'python:3.12 ' } },
    faults: faultsOf(cluster),
    module: { path: fileURLToPath(new URL('../../src/providers/kubernetes/index.ts', import.meta.url)), settings },
    stop: async () => {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const setup: ProviderSetup = {
  abilities: provider.abilities,
  pushes: true,
  missing: {
    lateObservation: 'a list is answered by the database itself, and a watch comes in its order',
    gap: 'a job cannot make a gap itself; the tests of rotated logs have them',
  },
  start,
};

describeWithContainers('kubernetes', setup);
