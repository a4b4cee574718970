import type { AttemptKey } from '../../core/job.ts';
import { type KubeApi, metadataOnly, strategicPatch } from './client/api.ts';
import { annotation, codeSecretName, envSecretName, jobName } from './names.ts';
import { object, resource } from './paths.ts';

/** Whose deletion takes an object along, as `ownerReferences` have it. */
export interface Owner {
  readonly apiVersion: string;
  readonly kind: 'Job' | 'JobSet';
  readonly name: string;
  readonly uid: string;
}

interface Owned {
  readonly name: string;
  readonly uid: string;
  readonly ownerReferences?:
    | readonly { readonly kind: string; readonly name: string; readonly uid: string }[]
    | null
    | undefined;
}

export function ownerOf(kind: Owner['kind'], { name, uid }: { readonly name: string; readonly uid: string }): Owner {
  return { apiVersion: kind === 'Job' ? 'batch/v1' : 'jobset.x-k8s.io/v1alpha2', kind, name, uid };
}

/** What stands for a Job: the JobSet that it is part of, or itself. */
export function ownerOfJob(job: Owned): Owner {
  const set = job.ownerReferences?.find(({ kind }) => kind === 'JobSet');
  return set === undefined ? ownerOf('Job', job) : ownerOf('JobSet', set);
}

/** Makes it one more owner of an object. */
export async function own(api: KubeApi, path: string, owner: Owner, signal: AbortSignal): Promise<void> {
  const body = { metadata: { ownerReferences: [owner] } };
  await api.json('PATCH', path, { body, contentType: strategicPatch, accept: metadataOnly }, signal);
}

/**
 * Makes a job that is there the owner of whatever it needs beside it, as far as that is there: the answer to its submission may
 * have been lost before it could.
 */
export async function claimParts(
  api: KubeApi,
  namespace: string,
  key: AttemptKey,
  owner: Owner,
  annotations: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const name = jobName(key);
  const snapshot = annotations[annotation.snapshot];
  await Promise.allSettled([
    own(api, object(resource.secrets, namespace, envSecretName(name)), owner, signal),
    own(api, object(resource.services, namespace, name), owner, signal),
    snapshot === undefined
      ? undefined
      : own(api, object(resource.secrets, namespace, codeSecretName(snapshot)), owner, signal),
  ]);
}
