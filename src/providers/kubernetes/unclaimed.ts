import * as z from 'zod/mini';
import { own, type Owner, ownerOf, ownerOfJob } from './claims.ts';
import type { KubeApi } from './client/api.ts';
import { hasStatus } from './client/apiError.ts';
import { metadataSchema, timeOf } from './model/meta.ts';
import { annotation, codeSecretName, envSecretName, jobName, keyOfLabels, label, managedSelector } from './names.ts';
import { collection, object, resource } from './paths.ts';
import { listAll } from './state/listing.ts';

/** What no job has claimed is kept for a submission that has not come yet, in ms. */
const unclaimedFor = 3_600_000;

const metadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
const itemSchema = z.object({ metadata: metadataSchema });
type Metadata = z.infer<typeof metadataSchema>;

/**
 * Removes Secrets of submissions that never came: they have no owner that takes them along. Those of a job that came, and could
 * not claim them, are claimed for it.
 */
export async function removeUnclaimed(api: KubeApi, namespace: string, signal: AbortSignal): Promise<void> {
  const secrets = await listMetadata(api, collection(resource.secrets, namespace), label.part, signal);
  const unclaimed = secrets.filter((meta) => (meta.ownerReferences ?? []).length === 0 && isOld(meta));
  if (unclaimed.length === 0) {
    return;
  }
  // After the Secrets: a job comes after what it needs.
  const jobs = await listMetadata(api, collection(resource.jobs, namespace), label.run, signal);
  const sets = await jobSets(api, namespace, signal);
  const owners = ownersByPart([...jobs.map((job) => [job, ownerOfJob(job)] as const), ...sets]);
  for (const { name, uid, resourceVersion } of unclaimed) {
    const path = object(resource.secrets, namespace, name);
    const claims = owners.get(name) ?? [];
    for (const owner of claims) {
      await own(api, path, owner, signal);
    }
    if (claims.length === 0) {
      const body = { preconditions: { uid, resourceVersion } };
      await api.json('DELETE', path, { body }, signal).catch((error: unknown) => {
        if (!hasStatus(error, 404, 409)) {
          throw error;
        }
      });
    }
  }
}

function isOld({ annotations, creationTimestamp }: Metadata): boolean {
  const wanted = timeOf(annotations[annotation.wanted]) ?? timeOf(creationTimestamp) ?? Date.now();
  return Date.now() - wanted > unclaimedFor;
}

/** Which jobs need the Secret of that name. */
function ownersByPart(jobs: readonly (readonly [Metadata, Owner])[]): ReadonlyMap<string, readonly Owner[]> {
  const owners = new Map<string, Owner[]>();
  for (const [job, owner] of jobs) {
    const key = keyOfLabels(job.labels);
    const snapshot = job.annotations[annotation.snapshot];
    const parts = [
      ...(key === null ? [] : [envSecretName(jobName(key))]),
      ...(snapshot === undefined ? [] : [codeSecretName(snapshot)]),
    ];
    for (const part of parts) {
      owners.set(part, [...(owners.get(part) ?? []), owner]);
    }
  }
  return owners;
}

/** A set has no Job for a moment each time it starts anew. */
async function jobSets(
  api: KubeApi,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly (readonly [Metadata, Owner])[]> {
  try {
    const sets = await listMetadata(api, collection(resource.jobSets, namespace), label.run, signal);
    return sets.map((set) => [set, ownerOf('JobSet', set)] as const);
  } catch (error) {
    if (hasStatus(error, 403, 404)) {
      return [];
    }
    throw error;
  }
}

async function listMetadata(api: KubeApi, path: string, having: string, signal: AbortSignal): Promise<Metadata[]> {
  const query = { labelSelector: `${managedSelector},${having}` };
  const list = await listAll(api, path, query, signal, undefined, metadataList);
  return (list?.items ?? []).flatMap((item) => z.safeParse(itemSchema, item).data?.metadata ?? []);
}
