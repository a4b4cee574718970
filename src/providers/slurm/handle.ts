import type { Handle } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import { isRunName, type RunName } from '../../core/runName.ts';

/** What a handle stands for. */
export interface Job {
  readonly run: RunName;
  /** What sbatch answered: of an array, the id of the whole. */
  readonly jobId: string;
}

/** `answer`: what sbatch printed. `root`: the folder for runs, absolute on the cluster. */
export function handleOf(run: RunName, root: string, answer: string): Handle {
  const jobId = /^[0-9]+/u.exec(answer.trim())?.[0];
  if (jobId === undefined) {
    throw new ProviderError('transient', 'Slurm answered without a job id.', { raw: answer });
  }
  return { id: run, data: { jobId, folder: `${root}/runs/${run}` } };
}

/** Throws `notFound` for a handle that is none of ours. */
export function jobOf({ id, data }: Handle): Job {
  const { jobId } = data;
  if (!isRunName(id) || typeof jobId !== 'string' || !/^[0-9]+$/u.test(jobId)) {
    throw new ProviderError('notFound', `Slurm has no run "${id}".`);
  }
  return { run: id, jobId };
}
