import * as z from 'zod/mini';
import type { AttemptKey } from '../../core/job.ts';
import type { Handle, SubmitInput } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import { runName } from '../../core/runName.ts';
import { claimParts, own, type Owner, ownerOf, ownerOfJob } from './claims.ts';
import { type KubeApi, metadataOnly } from './client/api.ts';
import { ApiError, hasStatus } from './client/apiError.ts';
import { claimCode, requireCode, stagedSchema } from './code/staging.ts';
import { metadataSchema } from './model/meta.ts';
import { annotation, envSecretName, jobName, label, labelsOf } from './names.ts';
import { collection, object, type Resource, resource } from './paths.ts';
import { type JobRequest, requestSchema } from './plan/plan.ts';
import { listAll } from './state/listing.ts';

export type Kind = JobRequest['job']['kind'];

const objectSchema = z.object({ metadata: metadataSchema });
type Metadata = z.infer<typeof metadataSchema>;

export function resourceOf(kind: Kind): Resource {
  return kind === 'Job' ? resource.jobs : resource.jobSets;
}

export function handleOf(key: AttemptKey, namespace: string, kind: Kind, uid: string): Handle {
  return { id: runName(key), data: { namespace, name: jobName(key), kind, uid } };
}

/** The Job of a JobSet stands for it: the labels say whose it is. */
export function handleOfMetadata(key: AttemptKey, namespace: string, meta: Metadata): Handle {
  const { kind, uid } = ownerOfJob(meta);
  return handleOf(key, namespace, kind, uid);
}

const dataSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  kind: z.enum(['Job', 'JobSet']),
  uid: z.string(),
});

export type HandleData = z.infer<typeof dataSchema>;

/** Throws `notFound` for a handle that is not one of ours. */
export function dataOf(handle: Handle): HandleData {
  const parsed = z.safeParse(dataSchema, handle.data);
  if (!parsed.success) {
    throw new ProviderError('notFound', `The cluster has no job "${handle.id}".`);
  }
  return parsed.data;
}

export function readRequest(request: unknown): JobRequest {
  const parsed = z.safeParse(requestSchema, request);
  if (!parsed.success) {
    throw new ProviderError('invalid', 'The plan is none of this provider.', { raw: parsed.error.message });
  }
  return parsed.data;
}

/**
 * Makes the Job and what it needs. Everything has a name that follows from the key, so that a second time finds the first; what
 * the Job needs comes before it, so that a Job that is there is whole. `folder`: where archives of code are.
 */
export async function submitJob(
  api: KubeApi,
  folder: string,
  { plan, key, staged, secrets }: SubmitInput,
  signal: AbortSignal,
): Promise<Handle> {
  const request = readRequest(plan.request);
  const { namespace, job } = request;
  if (job.metadata.name !== jobName(key)) {
    throw new ProviderError('invalid', `The plan is for ${job.metadata.name}, not for ${key.runId}.`);
  }
  const code = z.parse(stagedSchema, staged);
  const values = secretValues(request.secrets, secrets);
  const existing = await findJob(api, namespace, key, job.kind, signal);
  if (existing !== null) {
    const handle = theSame(existing, request, key);
    await claimParts(api, namespace, key, ownerOf(job.kind, existing), existing.annotations, signal);
    return handle;
  }
  if (code.by === 'secret') {
    await requireCode(api, namespace, folder, code.snapshotId, signal);
  }
  if (values !== null) {
    await putSecret(api, namespace, key, values, signal);
  }
  if (request.service !== null) {
    await createOrKeep(api, collection(resource.services, namespace), request.service, signal);
  }
  const made = await create(api, request, key, signal);
  const owner = ownerOf(job.kind, made);
  // The job runs whether or not these succeed; they only clean up after it.
  await Promise.allSettled([
    code.by === 'secret' ? claimCode(api, namespace, folder, code.snapshotId, owner, signal) : undefined,
    values === null
      ? undefined
      : own(api, object(resource.secrets, namespace, envSecretName(made.name)), owner, signal),
    request.service === null
      ? undefined
      : own(api, object(resource.services, namespace, request.service.metadata.name), owner, signal),
  ]);
  signal.throwIfAborted();
  return handleOf(key, namespace, job.kind, made.uid);
}

/** Metadata of the Job of that key; null when there is none. */
export async function findJob(
  api: KubeApi,
  namespace: string,
  key: AttemptKey,
  kind: Kind,
  signal: AbortSignal,
): Promise<Metadata | null> {
  try {
    const path = object(resourceOf(kind), namespace, jobName(key));
    return z.parse(objectSchema, await api.json('GET', path, { accept: metadataOnly }, signal)).metadata;
  } catch (error) {
    if (hasStatus(error, 404)) {
      return null;
    }
    throw error;
  }
}

/** What stands for that attempt, with its annotations; null when there is nothing of it. */
export async function findAttempt(
  api: KubeApi,
  namespace: string,
  key: AttemptKey,
  signal: AbortSignal,
): Promise<{ readonly owner: Owner; readonly annotations: Readonly<Record<string, string>> } | null> {
  const job = await findJob(api, namespace, key, 'Job', signal);
  if (job !== null) {
    return { owner: ownerOf('Job', job), annotations: job.annotations };
  }
  try {
    const set = await findJob(api, namespace, key, 'JobSet', signal);
    return set === null ? null : { owner: ownerOf('JobSet', set), annotations: set.annotations };
  } catch (error) {
    if (!hasStatus(error, 403)) {
      throw error;
    }
  }
  // A right is asked for before it is looked whether JobSets are installed at all; the Job of a set tells of it, too.
  const labelSelector = Object.entries(labelsOf(key))
    .map((pair) => pair.join('='))
    .join();
  const jobs = await listAll(api, collection(resource.jobs, namespace), { labelSelector }, signal);
  const [member] = (jobs?.items ?? []).flatMap((item) => z.safeParse(objectSchema, item).data?.metadata ?? []);
  return member === undefined ? null : { owner: ownerOfJob(member), annotations: member.annotations };
}

async function create(api: KubeApi, request: JobRequest, key: AttemptKey, signal: AbortSignal): Promise<Metadata> {
  const { namespace, job } = request;
  try {
    const answer = await api.json('POST', collection(resourceOf(job.kind), namespace), { body: job }, signal);
    return z.parse(objectSchema, answer).metadata;
  } catch (error) {
    if (hasStatus(error, 409) && error.reason === 'AlreadyExists') {
      const existing = await findJob(api, namespace, key, job.kind, signal);
      if (existing !== null) {
        theSame(existing, request, key);
        return existing;
      }
    }
    if (error instanceof ApiError && error.code < 500) {
      await removeParts(api, request, key, signal).catch(() => undefined);
    }
    throw error;
  }
}

function theSame(existing: Metadata, request: JobRequest, key: AttemptKey): Handle {
  if (existing.annotations[annotation.hash] !== request.hash) {
    throw new ProviderError('conflict', `The cluster has another job under the name ${existing.name}.`, {
      remedy: 'Submit again: the new job gets a name of its own.',
    });
  }
  return handleOf(key, request.namespace, request.job.kind, existing.uid);
}

/** A refused Job leaves nothing behind. */
async function removeParts(api: KubeApi, request: JobRequest, key: AttemptKey, signal: AbortSignal): Promise<void> {
  const { namespace, secrets, service } = request;
  await Promise.allSettled([
    secrets.length === 0
      ? undefined
      : api.json('DELETE', object(resource.secrets, namespace, envSecretName(jobName(key))), {}, signal),
    service === null
      ? undefined
      : api.json('DELETE', object(resource.services, namespace, service.metadata.name), {}, signal),
  ]);
}

async function createOrKeep(api: KubeApi, path: string, body: object, signal: AbortSignal): Promise<void> {
  try {
    await api.json('POST', path, { body, accept: metadataOnly }, signal);
  } catch (error) {
    if (!hasStatus(error, 409)) {
      throw error;
    }
  }
}

/** What an earlier try left under that name may hold older values. */
async function putSecret(
  api: KubeApi,
  namespace: string,
  key: AttemptKey,
  values: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const name = envSecretName(jobName(key));
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name,
      labels: { ...labelsOf(key), [label.part]: 'env' },
      annotations: { [annotation.wanted]: new Date().toISOString() },
    },
    data: Object.fromEntries(
      Object.entries(values).map(([secret, value]) => [secret, Buffer.from(value).toString('base64')]),
    ),
  };
  try {
    await api.json('POST', collection(resource.secrets, namespace), { body, accept: metadataOnly }, signal);
  } catch (error) {
    if (!hasStatus(error, 409)) {
      throw error;
    }
    await api.json('PUT', object(resource.secrets, namespace, name), { body, accept: metadataOnly }, signal);
  }
}

/** null when the job has no secrets. */
function secretValues(
  names: readonly string[],
  secrets: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> | null {
  const values = names.map((name) => {
    const value = secrets.get(name);
    if (value === undefined) {
      throw new ProviderError('invalid', `The secret ${name} has no value.`, {
        field: 'secrets',
        remedy: 'Set it, or take it off the list.',
      });
    }
    return [name, value] as const;
  });
  return values.length === 0 ? null : Object.fromEntries(values);
}
