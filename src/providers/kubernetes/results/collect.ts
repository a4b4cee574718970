import type { OutputFile } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { resultPath } from '../../../core/resultPath.ts';
import type { KubeApi } from '../client/api.ts';
import { exec } from '../client/exec.ts';
import { container, indexOf, type Pod } from '../model/pod.ts';
import { place } from '../plan/scripts.ts';
import { listPodFiles, readPodFile, UnreadableFile } from './podFiles.ts';
import type { ResultStore, ResultWriter } from './store.ts';

/** Results of ended jobs that are fetched without being asked for, in bytes. Larger ones wait in the pod for a person. */
export const mostFetched = 1024 ** 3;

export interface CollectInput {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly store: ResultStore;
  /** Under which name they are kept. */
  readonly run: string;
  /** Those that are still there to be asked. */
  readonly pods: readonly Pod[];
  /** Of the job, whether they are there or not. */
  readonly nodes: number;
  /** Where the job ran, absolute. */
  readonly folder: string;
  readonly globs: readonly string[];
  readonly signal: AbortSignal;
}

/** Among the results when some could not be had: a text that names those, with why. */
export const missingReport = 'aloft-missing-results.txt';

/**
 * Fetches the results of a job that has ended, as far as they can be had, and lets its pods go. False when they are larger than
 * `mostFetched`: then the pods wait until their time is over.
 */
export async function collectResults(input: CollectInput): Promise<boolean> {
  const { api, namespace, store, run, pods, nodes, folder, globs, signal } = input;
  if (!(await store.has(run))) {
    const found: Found[] = [];
    const missing: string[] = [];
    for (const pod of pods) {
      const { files, trouble } = await listPodFiles(api, targetIn(namespace, pod), folder, globs, signal);
      found.push(...files.map((file) => ({ pod, file })));
      missing.push(...(trouble === null ? [] : [`node ${indexOf(pod)}: ${trouble}`]));
    }
    if (found.reduce((sum, { file }) => sum + file.bytes, 0) > mostFetched) {
      return false;
    }
    const writer = await store.begin(run, nodes);
    try {
      for (const each of found) {
        missing.push(...(await fetchOne(input, writer, each)));
      }
      if (missing.length > 0) {
        await report(writer, missing);
      }
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    await writer.commit();
  }
  await Promise.all(
    pods.map(async (pod) => {
      await letGo(api, namespace, pod, signal);
    }),
  );
  return true;
}

interface Found {
  readonly pod: Pod;
  readonly file: OutputFile;
}

/** Resolves to why it could not be had; to nothing when it was. */
async function fetchOne(
  { api, namespace, nodes, folder, signal }: CollectInput,
  writer: ResultWriter,
  { pod, file }: Found,
): Promise<readonly string[]> {
  const path = resultPath(indexOf(pod), file.path, nodes);
  const into = await writer.file({ ...file, path });
  try {
    await readPodFile(api, targetIn(namespace, pod), folder, file.path, into.write, signal);
  } catch (error) {
    await into.drop();
    if (error instanceof UnreadableFile) {
      return [`${path}: ${error.raw ?? error.message}`];
    }
    throw error;
  }
  await into.done();
  return [];
}

async function report(writer: ResultWriter, missing: readonly string[]): Promise<void> {
  const text = Buffer.from(`These results could not be fetched when the job had ended:\n${missing.join('\n')}\n`);
  const into = await writer.file({ path: missingReport, bytes: text.length, modifiedAt: null });
  await into.write(text);
  await into.done();
}

function targetIn(namespace: string, pod: Pod): { namespace: string; pod: string; container: string } {
  return { namespace, pod: pod.metadata.name, container: container.results };
}

/** The pod has nothing more to wait for. */
export async function letGo(api: KubeApi, namespace: string, pod: Pod, signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await exec(
    api,
    targetIn(namespace, pod),
    ['/bin/sh', '-c', `: > ${place.control}/collected`],
    signal,
  );
  if (exitCode !== 0) {
    throw new ProviderError(
      'transient',
      `The pod ${pod.metadata.name} could not be told that its results were fetched.`,
      {
        raw: stderr.trim(),
      },
    );
  }
}
