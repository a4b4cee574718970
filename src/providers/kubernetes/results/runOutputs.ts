import { matcher } from '../../../core/globs.ts';
import type { Handle, OutputFile } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { ofResultPath, resultPath } from '../../../core/resultPath.ts';
import { safeRelativePath } from '../../../core/safePath.ts';
import type { Cluster } from '../cluster.ts';
import { nodeCount } from '../model/job.ts';
import { container, indexOf, type Pod, statusOf } from '../model/pod.ts';
import { currentPods } from '../observe/observation.ts';
import { specOf } from '../plan/specOf.ts';
import type { Run } from '../state/runs.ts';
import { dataOf } from '../submit.ts';
import { missingReport } from './collect.ts';
import { piped } from './piped.ts';
import { listPodFiles, readPodFile } from './podFiles.ts';

/** What was fetched when the job ended; while it runs, what is in its pods. Rejects with `notFound` when neither is there. */
export async function listRunOutputs(
  { api, runs, namespace, store }: Cluster,
  handle: Handle,
  globs: readonly string[],
  signal: AbortSignal,
): Promise<readonly OutputFile[]> {
  if (globs.length === 0) {
    return [];
  }
  const run = await runs.fresh(dataOf(handle).name, signal);
  const fetched = await (await store()).list(handle.id);
  if (fetched !== null) {
    const isWanted = matcher(globs);
    return fetched.files.filter(
      ({ path }) => path === missingReport || isWanted(ofResultPath(path, fetched.nodes).path),
    );
  }
  const pods = reachable(run);
  if (pods.length === 0 || run.job === null) {
    throw gone();
  }
  const { folder } = specOf(run.job);
  const nodes = nodeCount(run.job);
  const lists = await Promise.all(
    pods.map(async ({ pod, target }) => {
      const { files, trouble } = await listPodFiles(api, { namespace, ...target }, folder, globs, signal);
      if (files.length === 0 && trouble !== null) {
        throw new ProviderError('invalid', 'The files of the job cannot be listed.', { raw: trouble });
      }
      return files.map((file) => ({ ...file, path: resultPath(indexOf(pod), file.path, nodes) }));
    }),
  );
  return lists.flat();
}

/** One of those files. */
export async function* readRunOutput(
  { api, runs, namespace, store }: Cluster,
  handle: Handle,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { name } = dataOf(handle);
  if (safeRelativePath(path) !== path) {
    throw new ProviderError('invalid', `"${path}" is not inside the job's folder.`, { field: 'path' });
  }
  const run = await runs.fresh(name, signal);
  const fetched = await store();
  if (await fetched.has(handle.id)) {
    yield* fetched.read(handle.id, path, signal);
    return;
  }
  if (run.job === null) {
    throw gone();
  }
  const wanted = ofResultPath(path, nodeCount(run.job));
  const found = reachable(run).find(({ pod }) => indexOf(pod) === wanted.index);
  if (found === undefined) {
    throw gone();
  }
  const { folder } = specOf(run.job);
  const target = { namespace, ...found.target };
  yield* piped(signal, async (onBytes, until) => readPodFile(api, target, folder, wanted.path, onBytes, until));
}

function gone(): ProviderError {
  return new ProviderError('notFound', 'The files of this job went with its pod.', {
    remedy:
      'Name the results of a job under outputs before it is submitted: then its pod stays until they were fetched.',
  });
}

/** Pods in which files can be looked at now. */
function reachable(run: Run): readonly {
  readonly pod: Pod;
  readonly target: { readonly pod: string; readonly container: string };
}[] {
  return currentPods(run.pods).flatMap((pod) => {
    const name = [container.main, container.results].find((each) => statusOf(pod, each)?.state?.running);
    return name === undefined ? [] : [{ pod, target: { pod: pod.metadata.name, container: name } }];
  });
}
