import { currentAttempt, type Job } from './job.ts';
import { isBatchSubmission } from './batchScript.ts';

/** The exit code of a shell that did not find the program. */
const notFound = 127;

/** What may help a job that failed, in a sentence, where its command tells; null elsewhere. */
export function failureHint(job: Job): string | null {
  const isMissing = job.state === 'failed' && currentAttempt(job)?.exitCode === notFound;
  return isMissing && isBatchSubmission(job.spec.command)
    ? 'sbatch hands a script to Slurm: choose a Slurm connection to run it as it is, or run it with bash.'
    : null;
}
