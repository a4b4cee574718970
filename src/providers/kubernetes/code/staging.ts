import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Snapshot, StagedCode, StageProgress } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { formatBytes } from '../../../core/quantity.ts';
import { own, type Owner } from '../claims.ts';
import { type KubeApi, mergePatch, metadataOnly } from '../client/api.ts';
import { hasStatus } from '../client/apiError.ts';
import { annotation, codeSecretName, label, managed } from '../names.ts';
import { collection, object, resource } from '../paths.ts';
import { codeFile } from '../plan/scripts.ts';
import { removeUnclaimed } from '../unclaimed.ts';
import { type CodeArchive, findArchive, fitsInto, makeArchive } from './archive.ts';

/** What fits into a Secret (1 MiB with everything else in it). Larger code is sent to each pod. */
export const smallCodeBytes = 700_000;

export const stagedSchema = z.object({
  /** `secret`: it is in the namespace. `upload`: it is on this machine and goes to each pod. */
  by: z.enum(['secret', 'upload']),
  snapshotId: z.string(),
  sha256: z.string(),
});

/** The folder below a connection's own that holds archives. */
export function codeFolder(files: string): string {
  return join(files, 'code');
}

/** Puts small code into a Secret of the namespace, large code ready on this machine. */
export async function stageCode(
  api: KubeApi,
  namespace: string,
  folder: string,
  snapshot: Snapshot,
  signal: AbortSignal,
  onProgress: (progress: StageProgress) => void,
): Promise<StagedCode> {
  const archive = await makeArchive(folder, snapshot, signal);
  const done = { sentBytes: archive.bytes, totalBytes: archive.bytes };
  if (archive.bytes > smallCodeBytes) {
    onProgress(done);
    return { by: 'upload', snapshotId: snapshot.id, sha256: archive.sha256 };
  }
  const name = codeSecretName(snapshot.id);
  if (!(await touch(api, namespace, name, signal))) {
    onProgress({ sentBytes: 0, totalBytes: archive.bytes });
    await create(api, namespace, name, archive, signal);
    await removeUnclaimed(api, namespace, signal).catch(() => undefined);
  }
  signal.throwIfAborted();
  onProgress(done);
  return { by: 'secret', snapshotId: snapshot.id, sha256: archive.sha256 };
}

/** Throws `unsupported` for large code: none of it is in the namespace, where a command that is run by hand takes it from. */
export async function checkByHand(snapshot: Snapshot, signal: AbortSignal): Promise<void> {
  if (!(await fitsInto(smallCodeBytes, snapshot, signal))) {
    const most = formatBytes(smallCodeBytes);
    throw new ProviderError(
      'unsupported',
      `No command can make this job: its code takes more than the ${most} that fit into a Secret when packed, and larger code only Aloft sends to the pods.`,
      { remedy: 'Submit it here, or leave out what is large with .aloftignore.' },
    );
  }
}

/**
 * False when it is not there, or nobody may look: then making it tells. The time says that somebody is about to use it.
 */
async function touch(api: KubeApi, namespace: string, name: string, signal: AbortSignal): Promise<boolean> {
  const path = object(resource.secrets, namespace, name);
  try {
    await api.json('GET', path, { accept: metadataOnly }, signal);
    await api.json(
      'PATCH',
      path,
      {
        contentType: mergePatch,
        accept: metadataOnly,
        body: { metadata: { annotations: { [annotation.wanted]: new Date().toISOString() } } },
      },
      signal,
    );
    return true;
  } catch (error) {
    if (hasStatus(error, 403, 404)) {
      return false;
    }
    throw error;
  }
}

async function create(
  api: KubeApi,
  namespace: string,
  name: string,
  archive: CodeArchive,
  signal: AbortSignal,
  owner?: Owner,
): Promise<void> {
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name,
      labels: { [label.managedBy]: managed, [label.part]: 'code' },
      annotations: { [annotation.wanted]: new Date().toISOString() },
      ...(owner === undefined ? {} : { ownerReferences: [owner] }),
    },
    immutable: true,
    data: {
      [codeFile.archive]: (await readFile(archive.path)).toString('base64'),
      [codeFile.sha256]: Buffer.from(archive.sha256).toString('base64'),
    },
  };
  try {
    await api.json('POST', collection(resource.secrets, namespace), { body, accept: metadataOnly }, signal);
  } catch (error) {
    // Another window was quicker.
    if (!hasStatus(error, 409)) {
      throw error;
    }
  }
}

/**
 * Makes a job an owner of its code, which goes with the last of them. Code that went with its former owners in this very
 * moment is put back: the pod waits for it.
 */
export async function claimCode(
  api: KubeApi,
  namespace: string,
  folder: string,
  snapshotId: string,
  owner: Owner,
  signal: AbortSignal,
): Promise<void> {
  const name = codeSecretName(snapshotId);
  try {
    await own(api, object(resource.secrets, namespace, name), owner, signal);
  } catch (error) {
    const archive = hasStatus(error, 404) ? await findArchive(folder, snapshotId) : null;
    if (archive === null) {
      throw error;
    }
    await create(api, namespace, name, archive, signal, owner);
  }
}

/** Puts staged code back that went with its former owners. Throws `notFound` when this machine does not have it any more. */
export async function requireCode(
  api: KubeApi,
  namespace: string,
  folder: string,
  snapshotId: string,
  signal: AbortSignal,
): Promise<void> {
  const name = codeSecretName(snapshotId);
  if (await touch(api, namespace, name, signal)) {
    return;
  }
  const archive = await findArchive(folder, snapshotId);
  if (archive === null) {
    throw new ProviderError('notFound', 'The code of this job is no longer in the cluster.', {
      remedy: 'Submit again.',
    });
  }
  await create(api, namespace, name, archive, signal);
}
