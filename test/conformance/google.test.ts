import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { ProviderPorts } from '../../src/core/ports.ts';
import type { ProviderErrorTag } from '../../src/core/providerError.ts';
import { provider } from '../../src/providers/google/index.ts';
import { type CodeName, GoogleApiError } from '../emulators/google/apiError.ts';
import type { RequestMatch } from '../emulators/google/faults.ts';
import { startGoogle, type StartedGoogle } from '../emulators/google/startGoogle.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { describeWithContainers } from './describeWithContainers.ts';
import type { Faults, Method, ProviderSetup, StartedProvider } from './setup.ts';
import { shellScenarios } from './shellScenarios.ts';
import { quickClock } from '../fixtures/quickClock.ts';
import { snapshotGreeting } from './snapshot.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Cloud Logging holds lines of text, each with a line feed for what ended it; what is no UTF-8 became U+FFFD. */
const prints = {
  command: String.raw`cat data/greeting.txt; printf 'half a character \303\nno end'; sleep 0.1; printf 'on stderr\n' >&2`,
  stdout: bytes(`${snapshotGreeting}half a character \uFFFD\nno end\n`),
  stderr: bytes('on stderr\n'),
};

/** The request that does the work of a method. */
const workOf: Readonly<Record<Method, RequestMatch>> = {
  identity: { method: 'objects.list' },
  // Without quotas there still are offers, unless nothing else answers either.
  offers: { method: ['quotaInfos.list', 'objects.list'] },
  stage: { api: 'storage', resource: /\/aloft\/code\//u },
  submit: { method: 'CreateCustomJob' },
  find: { api: 'storage', resource: /submission\.json$/u },
  list: { method: 'ListCustomJobs' },
  observe: { method: 'ListCustomJobs' },
  logs: { api: 'logging' },
  cancel: { method: 'CancelCustomJob' },
  outputs: { method: 'objects.list' },
  readOutput: { api: 'storage', resource: /\/results\// },
  remove: { method: 'DeleteCustomJob' },
};

const codes: Readonly<Record<ProviderErrorTag, CodeName>> = {
  auth: 'PERMISSION_DENIED',
  quota: 'RESOURCE_EXHAUSTED',
  capacity: 'RESOURCE_EXHAUSTED',
  rateLimited: 'RESOURCE_EXHAUSTED',
  transient: 'UNAVAILABLE',
  invalid: 'INVALID_ARGUMENT',
  notFound: 'NOT_FOUND',
  conflict: 'ALREADY_EXISTS',
  unsupported: 'UNIMPLEMENTED',
};

const words: Readonly<Partial<Record<ProviderErrorTag, string>>> = {
  quota:
    'The following quota metrics exceed quota limits: aiplatform.googleapis.com/custom_model_training_nvidia_h100_gpus',
  capacity: 'Resources are insufficient in region: us-central1. Please try a different region.',
};

function refuse({ control }: StartedGoogle, method: Method, tag: ProviderErrorTag, retryDelayMs?: number): string {
  const message = words[tag] ?? `Google's own words about ${tag}`;
  const isOffers = method === 'offers' && tag === 'auth';
  const error = new GoogleApiError(
    isOffers ? 'UNAUTHENTICATED' : codes[tag],
    message,
    retryDelayMs === undefined ? {} : { retryDelayMs },
  );
  // A token that is not taken is renewed once.
  control.addFault({ on: workOf[method], kind: 'fail', error, times: isOffers ? 2 : 1 });
  return message;
}

function faultsOf(google: StartedGoogle): Faults {
  const { control } = google;
  const add = (kind: 'loseReply' | 'loseRequest' | 'duplicate' | 'hang' | 'hangAfterWork', method: Method): void =>
    control.addFault({ on: workOf[method], kind, times: method === 'offers' && kind !== 'hang' ? 2 : 1 });
  return {
    holdQueue: async () => {
      const release = control.holdQueue();
      return async () => release();
    },
    loseReply: async (method) => add('loseReply', method),
    loseRequest: async (method) => add('loseRequest', method),
    duplicateRequest: async (method) => add('duplicate', method),
    failNext: async (method, tag) => refuse(google, method, tag),
    rateLimitNext: async (method, ms) => {
      refuse(google, method, 'rateLimited', ms);
    },
    hang: async (method) => {
      add('hang', method);
      const arrived = control.nextRequest(workOf[method]);
      return async () => arrived;
    },
    hangAfterWork: async (method) => add('hangAfterWork', method),
    dropLog: async (afterBytes) => control.addFault({ on: { method: 'ListLogEntries' }, kind: 'cut', afterBytes }),
    lateObservation: async () => Promise.reject(new Error('never asked for')),
    loseConnections: async () => control.cutConnections(),
    gap: async () => Promise.reject(new Error('never asked for')),
  };
}

/** Half a minute must pass before a job that is in no list was never made. */
function hastyPorts(): ProviderPorts {
  return { ...testPorts('google'), clock: quickClock(100) };
}

async function start(): Promise<StartedProvider> {
  const google = await startGoogle({ serviceLog: false });
  // Waits are a hundredth of what they are, so that a minute has more of them.
  google.control.logging.readsPerMinute = Number.POSITIVE_INFINITY;
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = google.credentialsPath;
  const settings = {
    project: google.project.id,
    regions: [google.region],
    bucket: google.bucket,
    endpoints: google.endpoints,
  };
  return {
    open: async () => provider.connect(settings, hastyPorts()),
    scenarios: { ...shellScenarios, prints },
    faults: faultsOf(google),
    module: { path: fileURLToPath(new URL('../../src/providers/google/index.ts', import.meta.url)), settings },
    stop: async () => google.stop(),
  };
}

const setup: ProviderSetup = {
  abilities: provider.abilities,
  pushes: false,
  missing: {
    lateObservation: 'a list tells no time of its own',
    gap: 'a job cannot make a gap itself; the tests of the log have them',
  },
  start,
};

const credentials = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
afterAll(() => {
  if (credentials === undefined) {
    delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  } else {
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = credentials;
  }
});

describeWithContainers('google', setup);
