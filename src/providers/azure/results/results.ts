import { matcher } from '../../../core/globs.ts';
import type { Clock } from '../../../core/ports.ts';
import type { Handle, OutputFile } from '../../../core/provider.ts';
import { isProviderError, ProviderError } from '../../../core/providerError.ts';
import { ofResultPath, resultPath } from '../../../core/resultPath.ts';
import { safeRelativePath } from '../../../core/safePath.ts';
import { hasStatus } from '../client/apiError.ts';
import type { RunHistory } from '../client/runHistory.ts';
import type { Workspace } from '../client/workspace.ts';
import { dataOf } from '../handle.ts';
import { stored } from '../names.ts';
import { keptFolder, listKept, openKept } from './artifacts.ts';

export interface ResultsDeps {
  readonly workspace: Pick<Workspace, 'defaultStore'>;
  readonly history: Pick<RunHistory, 'artifacts'>;
  readonly clock: Clock;
}

const rankFolder = /^(?<rank>0|[1-9]\d{0,5})\/(?<path>.+)$/su;

/**
 * Results of a job that match: what its script copied to the datastore when the command had ended, and what the command put into
 * `./outputs`, which Azure ML keeps of every job, also of one that was killed. Data outputs of the job's own, such as checkpoints, are
 * left where they are.
 */
export async function listResults(
  { workspace, history, clock }: ResultsDeps,
  handle: Handle,
  globs: readonly string[],
  signal: AbortSignal,
): Promise<readonly OutputFile[]> {
  if (globs.length === 0) {
    return [];
  }
  const { name, nodes } = dataOf(handle);
  const isWanted = matcher(globs);
  const found = new Map<string, OutputFile>();
  const { container } = await workspace.defaultStore(signal);
  const prefix = stored.results(name);
  for await (const blob of container.list(prefix, signal)) {
    const { rank, path = '' } = rankFolder.exec(blob.name.slice(prefix.length))?.groups ?? {};
    if (rank !== undefined && safeRelativePath(path) === path && isWanted(path)) {
      const shown = resultPath(Number(rank), path, nodes);
      found.set(shown, { path: shown, bytes: blob.bytes, modifiedAt: blob.modifiedAt });
    }
  }
  const isMissing = (path: string): boolean => safeRelativePath(path) === path && isWanted(path) && !found.has(path);
  for (const file of await listKept(history, name, isMissing, clock.now(), signal)) {
    found.set(file.path, file);
  }
  return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** How often a transfer is gone on with after the connection was lost without a byte in between. */
const mostResumptions = 3;

/** Rejects with `invalid` when the path leaves the folder and with `notFound` when no such file is there. */
export async function* readResult(
  deps: ResultsDeps,
  handle: Handle,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  if (safeRelativePath(path) !== path) {
    throw new ProviderError('invalid', `"${path}" is not inside the job's folder.`, { field: 'path' });
  }
  let offset = 0;
  for (let failures = 0; ;) {
    try {
      for await (const bytes of await open(deps, handle, path, offset, signal)) {
        yield bytes;
        offset += bytes.length;
        failures = 0;
      }
      return;
    } catch (error) {
      failures += 1;
      if (offset === 0 || failures > mostResumptions || !isProviderError(error) || error.tag !== 'transient') {
        throw error;
      }
    }
  }
}

async function open(
  { workspace, history, clock }: ResultsDeps,
  handle: Handle,
  path: string,
  offset: number,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const { name, nodes } = dataOf(handle);
  const { index, path: inside } = ofResultPath(path, nodes);
  const { container } = await workspace.defaultStore(signal);
  const copied = await begun(container.stream(`${stored.results(name)}${index}/${inside}`, signal, offset));
  if (copied !== null) {
    return copied;
  }
  const kept = path.startsWith(keptFolder) ? await openKept(history, name, path, offset, clock.now(), signal) : null;
  if (kept === null) {
    throw new ProviderError('notFound', `The job has no file "${path}".`);
  }
  return kept;
}

/** null when there is nothing to read. */
async function begun(bytes: AsyncGenerator<Uint8Array, void>): Promise<AsyncIterable<Uint8Array> | null> {
  let first: IteratorResult<Uint8Array, void>;
  try {
    first = await bytes.next();
  } catch (error) {
    if (hasStatus(error, 404)) {
      return null;
    }
    throw error;
  }
  return (async function* () {
    if (first.done !== true) {
      yield first.value;
      yield* bytes;
    }
  })();
}
