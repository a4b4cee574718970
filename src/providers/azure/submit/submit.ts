import * as z from 'zod/mini';
import type { AttemptKey, EpochMs } from '../../../core/job.ts';
import type { Clock } from '../../../core/ports.ts';
import type { FoundAttempt, Handle, SubmitInput } from '../../../core/provider.ts';
import { isProviderError, ProviderError } from '../../../core/providerError.ts';
import { shellQuote } from '../../../core/shellQuote.ts';
import type { AzureApi } from '../client/api.ts';
import { type ApiError, hasStatus } from '../client/apiError.ts';
import type { Credential } from '../client/credential.ts';
import type { AzureCloud } from '../cloud.ts';
import { handleOf } from '../handle.ts';
import { mayBeOf } from '../identity.ts';
import { type Job, parseJob, timeOf } from '../job.ts';
import type { JobSecrets } from '../jobSecrets.ts';
import { jobName, keyOfName } from '../names.ts';
import { secretsProperty, specOfProperties } from '../plan/properties.ts';
import { environmentBody, type JobRequest, parseRequest } from '../plan/request.ts';
import { binding } from '../plan/script.ts';

export interface SubmitDeps {
  readonly api: AzureApi;
  readonly credential: Pick<Credential, 'token'>;
  readonly cloud: AzureCloud;
  readonly secrets: JobSecrets;
  readonly clock: Clock;
  /** Names of jobs that were sent without an answer: they may be there though Azure does not show them yet. */
  readonly unanswered: Set<string>;
}

/** When a job that may be there is looked for again, in ms after the look before. */
const lookAgainAfter = [500, 1500, 2500] as const;

const stagedSchema = z.object({ datastore: z.string() });

/**
 * Makes the job that the key names, unless it is there. Asked first, because a second `PUT` is an update, of which Azure refuses
 * most; two that ask at the same time both put, and one of them is told of a conflict or updates nothing.
 */
export async function submitJob(
  { api, credential, cloud, secrets, clock, unanswered }: SubmitDeps,
  { plan, staged, secrets: values }: SubmitInput,
  signal: AbortSignal,
): Promise<Handle> {
  const request = parseRequest(plan.request);
  const path = `${request.workspace}/jobs/${request.name}`;
  const handle = handleOf({ name: request.name, nodes: request.nodes, hasSecrets: request.secrets.length > 0 });
  if ((await getJob(api, path, signal)) !== null) {
    return handle;
  }
  const script = secretsScript(request, values);
  if (request.environment !== null) {
    await putEnvironment(api, request.environment, signal);
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
    // Last, so that whatever is refused before leaves nothing behind.
    if (script !== '') {
      await secrets.put(request.name, script, signal);
    }
    await api.call('PUT', path, { body, headers }, signal);
  } catch (error) {
    if (signal.aborted || !isProviderError(error) || error.tag === 'transient') {
      unanswered.add(request.name);
      throw error;
    }
    const mayExist = unanswered.has(request.name) || error.tag === 'conflict';
    if (hasStatus(error, 400, 409, 412) && (await isThere(api, path, clock, mayExist, signal))) {
      return handle;
    }
    // Those of a job that may exist are taken away when it has ended, or has not appeared for long.
    if (script !== '' && !mayExist) {
      await secrets.remove(request.name, signal);
    }
    throw error;
  }
  return handle;
}

/** Somebody else may have been quicker, or an earlier answer was lost: what was sent is the same. */
async function isThere(
  api: AzureApi,
  path: string,
  clock: Clock,
  mayExist: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  for (const ms of [0, ...(mayExist ? lookAgainAfter : [])]) {
    if (ms > 0) {
      await clock.sleep(ms, signal);
    }
    if ((await getJob(api, path, signal)) !== null) {
      return true;
    }
  }
  return false;
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
  if (await isAsset(api, id, signal)) {
    return;
  }
  try {
    await api.call('PUT', id, { body: environmentBody(image) }, signal);
  } catch (error) {
    // Somebody else may have been quicker; other conflicts leave nothing there.
    if (!hasStatus(error, 409) || !(await isAsset(api, id, signal))) {
      throw error;
    }
  }
}

async function isAsset(api: AzureApi, id: string, signal: AbortSignal): Promise<boolean> {
  try {
    await api.get(id, signal);
    return true;
  } catch (error) {
    if (hasStatus(error, 404)) {
      return false;
    }
    throw error;
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

/** null when there is certainly none: Azure itself says so, in its own words. */
export async function getJob(api: AzureApi, path: string, signal: AbortSignal): Promise<Job | null> {
  try {
    return parseJob(await api.get(path, signal));
  } catch (error) {
    if (!hasStatus(error, 404) || isElsewhere(error)) {
      throw error;
    }
    if (error.code === '') {
      throw new ProviderError('transient', 'Something on the way to Azure answered in its place.', {
        ...(error.raw === undefined ? {} : { raw: error.raw }),
        remedy: 'Check your network, VPN or proxy.',
        cause: error,
      });
    }
    return null;
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

/** Those of the person alone, as far as that can be told: others of the workspace may use Aloft as well. */
export async function listAttempts(
  { api, credential, cloud }: Pick<SubmitDeps, 'api' | 'cloud' | 'credential'>,
  workspace: string,
  signal: AbortSignal,
): Promise<readonly FoundAttempt[]> {
  const query = { jobType: 'Command', tag: 'aloft', listViewType: 'All' };
  const all = await api.list(`${workspace}/jobs`, signal, { query });
  const { token } = await credential.token(cloud.armScope, signal);
  return all
    .map(parseJob)
    .filter(({ systemData }) => mayBeOf(token, systemData?.createdBy ?? null))
    .flatMap((job) => foundAttempt(job) ?? []);
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
  const hasSecrets = Object.hasOwn(properties.properties ?? {}, secretsProperty);
  return handleOf({ name, nodes: properties.resources?.instanceCount ?? 1, hasSecrets });
}
