import type { AttemptMember } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import type { Job } from './model/job.ts';
import { container, indexOf, type Pod, statusOf } from './model/pod.ts';
import { currentPods } from './observe/observation.ts';
import type { Run, Runs } from './state/runs.ts';

/** How often to ask whether a pod still runs, in ms, where nobody watches. */
const lookEvery = 2_000;

/** The pod of one node of a run. Throws `notFound` when it does not run now. */
export function runningPod({ job, pods }: Run, { node }: AttemptMember): { readonly pod: Pod; readonly job: Job } {
  const pod = currentPods(pods).find((each) => indexOf(each) === node);
  if (job === null || pod === undefined || !isRunning(pod)) {
    throw new ProviderError('notFound', 'That part of the job does not run now.', {
      remedy: 'Wait until it runs; after its end nothing is left to look into.',
    });
  }
  return { pod, job };
}

/** Resolves when the pod no longer runs, with a sentence that says so. */
export async function untilPodEnds(runs: Runs, run: string, pod: Pod, signal: AbortSignal): Promise<string> {
  const { name, uid } = pod.metadata;
  for (;;) {
    await runs.changed(run, lookEvery, signal);
    const seen = await runs.one(run, signal).catch(() => null);
    const now = seen?.pods.find((each) => each.metadata.uid === uid);
    if (seen !== null && (now === undefined || !isRunning(now))) {
      return `${name} no longer runs`;
    }
  }
}

function isRunning(pod: Pod): boolean {
  return Boolean(statusOf(pod, container.main)?.state?.running) && !pod.metadata.deletionTimestamp;
}
