import * as z from 'zod/mini';
import type { AttemptKey, EpochMs } from '../../../core/job.ts';
import type { FoundAttempt, Handle, SubmitInput } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { shellQuote } from '../../../core/shellQuote.ts';
import type { AzureApi } from '../client/api.ts';
import { ApiError, hasStatus } from '../client/apiError.ts';
import type { Credential } from '../client/credential.ts';
import type { Workspace } from '../client/workspace.ts';
import type { AzureCloud } from '../cloud.ts';
import { handleOf } from '../handle.ts';
import { type Job, parseJob, timeOf } from '../job.ts';
import { jobName, keyOfName, stored } from '../names.ts';
import { specOfProperties } from '../plan/properties.ts';
import { environmentBody, type JobRequest, parseRequest } from '../plan/request.ts';
import { binding } from '../plan/script.ts';

export interface SubmitDeps {
  readonly api: AzureApi;
  readonly workspace: Workspace;
  readonly credential: Credential;
  readonly cloud: AzureCloud;
}

const stagedSchema = z.object({ datastore: z.string() });

/**
 * Makes the job that the key names, unless it is there. Asked first, because a second `PUT` is an update, of which Azure refuses
 * most; two that ask at the same time both put, and one of them is told of a conflict or updates nothing.
 */
export async function submitJob(
  { api, workspace, credential, cloud }: SubmitDeps,
  { plan, staged, secrets }: SubmitInput,
  signal: AbortSignal,
): Promise<Handle> {
  const request = parseRequest(plan.request);
  const path = `${request.workspace}/jobs/${request.name}`;
  const handle = handleOf({ name: request.name, nodes: request.nodes, hasSecrets: request.secrets.length > 0 });
  if ((await getJob(api, path, signal)) !== null) {
    return handle;
  }
  if (request.environment !== null) {
    await putEnvironment(api, request.environment, signal);
  }
  const secretsBlob = stored.secrets(request.name);
  if (request.secrets.length > 0) {
    const { container } = await workspace.defaultStore(signal);
    await container.put(secretsBlob, Buffer.from(secretsScript(request, secrets)), signal);
  }
  const headers: Record<string, string> = request.asUser
    ? { 'x-azureml-token': (await credential.token(cloud.machineLearningScope, signal)).token }
    : {};
  const body = {
    properties: {
      ...inDatastore(request, z.parse(stagedSchema, staged).datastore),
      environmentId: await versionOf(api, z.parse(z.string(), request.body.properties['environmentId']), signal),
    },
  };
  try {
    await api.call('PUT', path, { body, headers }, signal);
  } catch (error) {
    // Somebody else may have been quicker, and what they sent is the same.
    if (hasStatus(error, 400, 409, 412) && (await getJob(api, path, signal)) !== null) {
      return handle;
    }
    if (request.secrets.length > 0 && error instanceof ApiError && error.tag !== 'transient') {
      const { container } = await workspace.defaultStore(signal);
      await container.delete(secretsBlob, signal).catch(() => undefined);
    }
    throw error;
  }
  return handle;
}

/** The body, with the datastore that the code went to: the plan may have been made before its name was known. */
function inDatastore(
  { body: { properties }, datastore }: JobRequest,
  actual: string,
): JobRequest['body']['properties'] {
  if (actual === datastore) {
    return properties;
  }
  const from = `azureml://datastores/${datastore}/paths/`;
  const moved = (group: unknown, name: string): unknown => {
    const bindings = z.safeParse(z.record(z.string(), z.looseObject({ uri: z.string() })), group).data ?? {};
    const own = bindings[name];
    return own === undefined
      ? bindings
      : { ...bindings, [name]: { ...own, uri: own.uri.replace(from, `azureml://datastores/${actual}/paths/`) } };
  };
  return {
    ...properties,
    inputs: moved(properties['inputs'], binding.code),
    outputs: moved(properties['outputs'], binding.results),
  };
}

const containerSchema = z.object({ properties: z.object({ latestVersion: z.string() }) });

/** Jobs name environments of the workspace by version: which is the newest has to be asked. */
async function versionOf(api: AzureApi, id: string, signal: AbortSignal): Promise<string> {
  const container = /^(\/.*)\/labels\/latest$/u.exec(id)?.[1];
  if (container === undefined) {
    return id;
  }
  const { properties } = z.parse(containerSchema, await api.get(container, signal));
  return `${container}/versions/${properties.latestVersion}`;
}

/** Versions are named by what is in them, so that one that is there is the right one. */
async function putEnvironment(
  api: AzureApi,
  { id, image }: NonNullable<JobRequest['environment']>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await api.get(id, signal);
    return;
  } catch (error) {
    if (!hasStatus(error, 404)) {
      throw error;
    }
  }
  try {
    await api.call('PUT', id, { body: environmentBody(image) }, signal);
  } catch (error) {
    if (!hasStatus(error, 409)) {
      throw error;
    }
  }
}

function secretsScript({ secrets: names }: JobRequest, values: ReadonlyMap<string, string>): string {
  return names
    .map((name) => {
      const value = values.get(name);
      if (value === undefined) {
        throw new ProviderError('invalid', `The secret ${name} has no value.`, { field: 'secrets' });
      }
      return `export ${name}=${shellQuote(value)}\n`;
    })
    .join('');
}

/** null when there is certainly none. */
export async function getJob(api: AzureApi, path: string, signal: AbortSignal): Promise<Job | null> {
  try {
    return parseJob(await api.get(path, signal));
  } catch (error) {
    if (hasStatus(error, 404) && !isElsewhere(error)) {
      return null;
    }
    throw error;
  }
}

/** What is missing is not the job but what it would be in. */
function isElsewhere({ code, raw = '' }: ApiError): boolean {
  return (
    ['SubscriptionNotFound', 'ResourceGroupNotFound', 'WorkspaceNotFound', 'InvalidSubscriptionId'].includes(code) ||
    (code === 'ResourceNotFound' && /workspaces\/[^/'"]+['"]/u.test(raw))
  );
}

export async function findAttempt(
  api: AzureApi,
  workspace: string,
  key: AttemptKey,
  signal: AbortSignal,
): Promise<Handle | null> {
  const job = await getJob(api, `${workspace}/jobs/${jobName(key)}`, signal);
  return job === null ? null : handleOfJob(job);
}

export async function listAttempts(
  api: AzureApi,
  workspace: string,
  signal: AbortSignal,
): Promise<readonly FoundAttempt[]> {
  const all = await api.list(`${workspace}/jobs`, signal, { query: { jobType: 'Command', tag: 'aloft' } });
  return all.flatMap((item) => foundAttempt(parseJob(item)) ?? []);
}

function foundAttempt(job: Job): FoundAttempt | null {
  const key = keyOfName(job.name);
  if (key === null) {
    return null;
  }
  const createdAt: EpochMs = timeOf(job.systemData?.createdAt) ?? 0;
  return {
    key,
    handle: handleOfJob(job),
    name: job.properties.displayName ?? job.name,
    createdAt,
    spec: specOfProperties(job.properties.properties ?? {}),
  };
}

function handleOfJob({ name, properties }: Job): Handle {
  const spec = z.safeParse(
    z.looseObject({ secrets: z.array(z.string()) }),
    specOfProperties(properties.properties ?? {}),
  );
  return handleOf({
    name,
    nodes: properties.resources?.instanceCount ?? 1,
    hasSecrets: (spec.data?.secrets.length ?? 0) > 0,
  });
}
