import type { SnapshotId } from '../../core/job.ts';
import { ProviderError } from '../../core/providerError.ts';
import { contentInStore } from './contentSources.ts';
import { SnapshotStore } from './snapshotStore.ts';

/** The bytes of one file as it went with the job. Rejects with `notFound`, or `invalid` when the path is a link. */
export async function readSnapshotFile(storeFolder: string, id: SnapshotId, path: string): Promise<Uint8Array> {
  const store = new SnapshotStore(storeFolder);
  const record = await store.readRecord(id);
  const entry = record?.entries.find((candidate) => candidate.path === path);
  if (record === null || entry === undefined) {
    throw new ProviderError('notFound', `The snapshot ${id.slice(0, 12)} has no file ${path}.`);
  }
  if (entry.kind === 'symlink') {
    throw new ProviderError('invalid', `${path} is a link to ${entry.target}.`, {
      remedy: 'Open the file it points to.',
    });
  }
  const content = contentInStore(store, record, entry);
  if (content === null) {
    throw new ProviderError('notFound', `The stored copy of ${path} is gone or damaged.`, {
      remedy: 'Submit the folder again to make a new one.',
    });
  }
  return content;
}
