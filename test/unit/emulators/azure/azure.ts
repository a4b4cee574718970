import { AzureCliCredential } from '@azure/identity';
import { ContainerClient } from '@azure/storage-blob';
import { createDefaultHttpClient, createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import { afterAll, beforeAll } from 'vitest';
import { type StartedAzure, startAzure } from '../../../emulators/azure/startAzure.ts';
import type { Timing } from '../../../emulators/azure/timing.ts';

export const version = '2025-12-01';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: { get(name: string): string | undefined };
}

/** An emulated Azure for a file of tests, and short ways to ask it. */
export interface TestAzure {
  readonly azure: StartedAzure;
  /** Asks below the workspace, or at a whole path that begins with `/`; with a good token unless `token` is another. */
  ask(
    method: string,
    path: string,
    body?: unknown,
    options?: { token?: string | null; version?: string },
  ): Promise<Answer>;
  details(job: string): Promise<Record<string, unknown>>;
  /** Puts a job that runs a command; returns its name. */
  submit(command: string, more?: object): Promise<string>;
  /** Waits until the job is in one of these states. */
  until(job: string, ...statuses: readonly string[]): Promise<void>;
  /** Text of one of its logs. */
  log(job: string, path?: string): Promise<string>;
}

export const environmentId = 'azureml://registries/azureml/environments/acpt-pytorch-2.2-cuda12.1/versions/39';

export function useAzure(timing: Partial<Timing> = {}): TestAzure {
  let started: StartedAzure | undefined;
  let count = 0;
  const get = (): StartedAzure => {
    if (started === undefined) {
      throw new Error('Azure was not started.');
    }
    return started;
  };
  beforeAll(async () => {
    started = await startAzure({ timing });
  }, 60_000);
  afterAll(async () => started?.stop());

  const ask: TestAzure['ask'] = async (method, path, body, options = {}) => {
    const azure = get();
    const url = new URL(azure.url + (path.startsWith('/') ? path : `${azure.workspace.armId}/${path}`));
    if (!/^\/(?:history|artifact|discovery)/u.test(path)) {
      url.searchParams.set('api-version', options.version ?? version);
    }
    const token = options.token === undefined ? azure.token() : options.token;
    const response = await createDefaultHttpClient().sendRequest(
      createPipelineRequest({
        method: method as 'GET',
        url: url.href,
        allowInsecureConnection: true,
        headers: createHttpHeaders({
          'content-type': 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        }),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    const text = response.bodyAsText ?? '';
    return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers };
  };
  const details: TestAzure['details'] = async (job) =>
    (await ask('GET', `/history/v1.0${get().workspace.armId}/runs/${job}/details`)).body;
  return {
    get azure() {
      return get();
    },
    ask,
    details,
    submit: async (command, more = {}) => {
      count += 1;
      const name = `job-${count}`;
      const properties = { jobType: 'Command', command, environmentId, ...more };
      const { status, body } = await ask('PUT', `jobs/${name}`, { properties });
      if (status !== 201) {
        throw new Error(JSON.stringify(body));
      }
      return name;
    },
    until: async (job, ...statuses) => {
      for (;;) {
        const { status } = get().control.job(job);
        if (statuses.includes(status)) {
          return;
        }
        await new Promise((resolve) => {
          setTimeout(resolve, 10);
        });
      }
    },
    log: async (job, path = 'user_logs/std_log.txt') => {
      const { logFiles } = (await details(job)) as { logFiles: Record<string, string> };
      const response = await fetch(logFiles[path] ?? '');
      return response.text();
    },
  };
}

/** The sign-in that Microsoft's own library makes of the program `az`. */
export async function tokenOfCli(azure: StartedAzure, scope: string): Promise<string> {
  const before = process.env['PATH'];
  process.env['PATH'] = azure.path;
  try {
    return (await new AzureCliCredential().getToken(scope)).token;
  } finally {
    process.env['PATH'] = before;
  }
}

export function containerOf(sasUri: string): ContainerClient {
  return new ContainerClient(sasUri);
}
