import type { OutputFile } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { KubeApi } from '../client/api.ts';
import { exec } from '../client/exec.ts';
import { container, indexOf, type Pod } from '../model/pod.ts';
import { place } from '../plan/scripts.ts';
import { listPodFiles, readPodFile } from './podFiles.ts';
import type { ResultStore } from './store.ts';

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
  /** Where the job ran, absolute. */
  readonly folder: string;
  readonly globs: readonly string[];
  readonly signal: AbortSignal;
}

/** Path under which a result of a rank is known; those of the first are plain. */
export function resultPath(index: number, path: string): string {
  return index === 0 ? path : `node${index}/${path}`;
}

export function ofResultPath(path: string): { readonly index: number; readonly path: string } {
  const [, index, inside] = /^node([1-9]\d*)\/(.+)$/su.exec(path) ?? [];
  return index === undefined || inside === undefined ? { index: 0, path } : { index: Number(index), path: inside };
}

/**
 * Fetches the results of a job that has ended and lets its pods go. False when they are larger than `mostFetched`: then the pods
 * wait until their time is over.
 */
export async function collectResults(input: CollectInput): Promise<boolean> {
  const { api, namespace, store, run, pods, folder, globs, signal } = input;
  if (!(await store.has(run))) {
    const found: { readonly pod: Pod; readonly file: OutputFile }[] = [];
    for (const pod of pods) {
      const files = await listPodFiles(api, targetIn(namespace, pod), folder, globs, signal);
      found.push(...files.map((file) => ({ pod, file })));
    }
    if (found.reduce((sum, { file }) => sum + file.bytes, 0) > mostFetched) {
      return false;
    }
    const writer = await store.begin(run);
    try {
      for (const { pod, file } of found) {
        const into = await writer.file({ ...file, path: resultPath(indexOf(pod), file.path) });
        try {
          await readPodFile(api, targetIn(namespace, pod), folder, file.path, into.write, signal);
        } finally {
          await into.done();
        }
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
