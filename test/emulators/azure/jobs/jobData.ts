import { lstatSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RestError } from '@azure/storage-blob';
import type { Storage } from '../storage/storage.ts';
import { type Workspace, artifactContainer, blobStoreContainer } from '../world.ts';

/** A place in storage. */
export interface BlobPlace {
  readonly container: string;
  /** Without a slash at either end; empty for the whole container. */
  readonly path: string;
}

/** Data that a job was promised and that is not there. */
export class DataError extends Error {}

/** Where a URI of a job's code, input or output leads. Throws DataError. */
export function placeOf(uri: string, workspace: Workspace, storage: Storage): BlobPlace {
  const trimmed = (path: string): string => path.replaceAll(/^\/+|\/+$/gu, '');
  const inStore = /^azureml:\/\/(?:subscriptions\/.*\/)?datastores\/(?<store>[^/]+)\/paths\/(?<path>.*)$/u.exec(
    uri,
  )?.groups;
  if (inStore !== undefined) {
    const containers = new Map([
      ['workspaceblobstore', blobStoreContainer(workspace)],
      ['workspaceartifactstore', artifactContainer],
    ]);
    const container = containers.get(inStore['store'] ?? '');
    if (container === undefined) {
      throw new DataError(`Could not find datastore: ${inStore['store'] ?? ''}`);
    }
    return { container, path: trimmed(inStore['path'] ?? '') };
  }
  if (uri.startsWith(`${storage.endpoint}/`)) {
    const [container = '', ...rest] = trimmed(uri.slice(storage.endpoint.length)).split('/');
    return { container, path: decodeURIComponent(rest.join('/')) };
  }
  throw new DataError(`The URI '${uri}' cannot be read by this job.`);
}

/** Copies a folder of blobs to this machine, without those that go meanwhile; how many files there were. */
export async function downloadFolder(
  storage: Storage,
  { container, path }: BlobPlace,
  folder: string,
): Promise<number> {
  const prefix = path === '' ? '' : `${path}/`;
  const client = storage.container(container);
  let count = 0;
  await mkdir(folder, { recursive: true });
  for await (const { name } of client.listBlobsFlat({ prefix })) {
    const target = join(folder, name.slice(prefix.length));
    await mkdir(dirname(target), { recursive: true });
    try {
      await client.getBlobClient(name).downloadToFile(target);
      count += 1;
    } catch (error) {
      if (!(error instanceof RestError) || error.statusCode !== 404) {
        throw error;
      }
      await rm(target, { force: true });
    }
  }
  return count;
}

/** Copies one blob; false where there is none. */
export async function downloadFile(storage: Storage, { container, path }: BlobPlace, target: string): Promise<boolean> {
  const blob = storage.container(container).getBlobClient(path);
  if (!(await blob.exists())) {
    return false;
  }
  await mkdir(dirname(target), { recursive: true });
  await blob.downloadToFile(target);
  return true;
}

/** Copies a folder of this machine to storage. Links stay behind, as where a folder of storage is mounted there are none. */
export async function uploadFolder(storage: Storage, folder: string, { container, path }: BlobPlace): Promise<void> {
  for (const file of filesIn(folder)) {
    const name = path === '' ? file : `${path}/${file}`;
    const bytes = await readFile(join(folder, file));
    await storage.container(container).getBlockBlobClient(name).upload(bytes, bytes.length);
  }
}

function filesIn(folder: string, below = ''): string[] {
  let names: string[];
  try {
    names = readdirSync(join(folder, below));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const path = below === '' ? name : `${below}/${name}`;
    const stat = lstatSync(join(folder, path));
    return stat.isDirectory() ? filesIn(folder, path) : stat.isFile() ? [path] : [];
  });
}
