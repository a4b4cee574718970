import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProviderErrorTag } from '../../src/core/providerError.ts';
import { provider } from '../../src/providers/azure/index.ts';
import { ArmError } from '../emulators/azure/armError.ts';
import type { RequestMatch } from '../emulators/azure/faults.ts';
import { startAzure, type StartedAzure } from '../emulators/azure/startAzure.ts';
import { settingsFor, useAz } from '../fixtures/azure/connection.ts';
import { fastPorts } from '../fixtures/azure/fastPorts.ts';
import { describeWithContainers } from './describeWithContainers.ts';
import type { Faults, Method, ProviderSetup, StartedProvider } from './setup.ts';
import { shellScenarios } from './shellScenarios.ts';
import { snapshotGreeting } from './snapshot.ts';

/** A job's two streams are one in its log. */
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

const workspace = /\/workspaces\/[^/]+$/u;
const jobs = /\/jobs$/u;
const oneJob = /\/jobs\/[^/]+$/u;
const blobs = /^\/visionstore\/azureml-blobstore-/u;

/** The request that does the work of a method. */
const workOf: Readonly<Record<Method, RequestMatch>> = {
  identity: { method: 'GET', path: workspace },
  offers: { method: 'GET', path: workspace },
  stage: { path: blobs },
  submit: { method: 'PUT', path: oneJob },
  find: { method: 'GET', path: oneJob },
  list: { method: 'GET', path: jobs },
  observe: { method: 'GET', path: jobs },
  logs: { method: 'GET', path: /\/details$/u },
  cancel: { method: 'POST', path: /\/cancel$/u },
  outputs: { path: blobs },
  readOutput: { path: blobs },
  remove: { method: 'DELETE', path: oneJob },
};

/** The first request of a method: an ended job is not cancelled, and so is only looked at. */
const requestOf: typeof workOf = { ...workOf, cancel: { method: 'GET', path: oneJob } };

/** How Azure says each. */
const refusals: Readonly<
  Record<ProviderErrorTag, { readonly status: number; readonly code: string; readonly message: string }>
> = {
  auth: { status: 403, code: 'AuthorizationFailed', message: 'The client may not do that.' },
  quota: {
    status: 400,
    code: 'UserError',
    message:
      'The specified subscription has a Standard NCADSA100v4 Family vCPU quota of 24 and is less than the requested 96.',
  },
  capacity: {
    status: 409,
    code: 'AllocationFailed',
    message: 'We do not have sufficient capacity for the requested size.',
  },
  rateLimited: { status: 429, code: 'TooManyRequests', message: 'The request was throttled.' },
  transient: { status: 503, code: 'ServiceUnavailable', message: 'The service is busy.' },
  invalid: { status: 400, code: 'ValidationError', message: 'That cannot be.' },
  notFound: { status: 404, code: 'ResourceGroupNotFound', message: 'The resource group is gone.' },
  conflict: { status: 409, code: 'Conflict', message: 'Something else is under way.' },
  unsupported: { status: 405, code: 'MethodNotAllowed', message: 'That is not done here.' },
};

function refuse({ control }: StartedAzure, method: Method, tag: ProviderErrorTag, retryAfterSeconds?: number): string {
  const { status, code, message } = refusals[tag];
  if (requestOf[method].path === blobs) {
    // What is asked for without its body is refused without one.
    const answer = { kind: 'answer', code: status, contentType: 'application/xml', body: '' } as const;
    control.addFault({ on: requestOf[method], ...answer, headers: { 'x-ms-error-code': code } });
    return code;
  }
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  control.addFault({
    on: requestOf[method],
    kind: 'fail',
    error: new ArmError(status, { error: { code, message } }, headers),
  });
  return `${code}: ${message}`;
}

function faultsOf(azure: StartedAzure): Partial<Faults> {
  const { control } = azure;
  return {
    holdQueue: async () => {
      const release = control.holdQueue();
      return async () => release();
    },
    loseReply: async (method) => control.addFault({ on: workOf[method], kind: 'loseReply' }),
    loseRequest: async (method) => control.addFault({ on: requestOf[method], kind: 'loseRequest' }),
    duplicateRequest: async (method) => control.addFault({ on: workOf[method], kind: 'duplicate' }),
    failNext: async (method, tag) => refuse(azure, method, tag),
    rateLimitNext: async (method, ms) => {
      refuse(azure, method, 'rateLimited', ms / 1000);
    },
    hang: async (method) => {
      control.addFault({ on: requestOf[method], kind: 'hang' });
      const arrived = control.nextRequest(requestOf[method]);
      return async () => arrived;
    },
    hangAfterWork: async (method) => control.addFault({ on: workOf[method], kind: 'hangAfterWork' }),
    dropLog: async (afterBytes) =>
      control.addFault({ on: { method: 'GET', path: /\/user_logs\//u }, kind: 'cut', afterBytes }),
    loseConnections: async () => control.cutConnections(),
  };
}

async function start(): Promise<StartedProvider> {
  const azure = await startAzure();
  const folder = await mkdtemp(join(tmpdir(), 'aloft-azure-files-'));
  const stopUsingAz = useAz(azure);
  const settings = settingsFor(azure);
  return {
    open: async () => provider.connect(settings, fastPorts(folder)),
    scenarios: { ...shellScenarios, prints },
    faults: faultsOf(azure),
    module: { path: fileURLToPath(new URL('../../src/providers/azure/index.ts', import.meta.url)), settings },
    stop: async () => {
      stopUsingAz();
      await azure.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const setup: ProviderSetup = {
  abilities: provider.abilities,
  pushes: false,
  missing: {
    lateObservation: 'a list is answered by the database itself',
    gap: 'a job cannot make a gap itself; the tests of the log have them',
  },
  start,
};

describeWithContainers('azure', setup);
