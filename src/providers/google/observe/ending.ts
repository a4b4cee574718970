import type { Observation } from '../../../core/provider.ts';
import { endReason } from '../../../core/stateSentence.ts';
import { consoleUrl } from '../client/denial.ts';
import type { VertexJob } from '../client/jobs.ts';
import { missingQuota } from '../client/quotaError.ts';
import { exitCode } from '../plan/script.ts';
import { signalOf } from '../../../core/linuxSignals.ts';

type Ending = Pick<Observation, 'exitCode' | 'signal'> & Partial<Pick<Observation, 'explanation'>>;

/**
 * How a failed job ended, from `CustomJob.error`. The texts: "Understand the serverless training service" and "Schedule training
 * jobs based on resource availability" of Vertex AI's documentation, and public issues.
 */
export function endingOf(job: VertexJob, project: string, region: string): Ending {
  const message = job.error?.message ?? '';
  return { exitCode: null, signal: null, ...exitOf(message), ...explained(job, message, project, region) };
}

/** `The replica workerpool0-0 exited with a non-zero status of 1. Termination reason: Error.` */
function exitOf(message: string): Partial<Pick<Ending, 'exitCode' | 'signal'>> {
  const status = /exited with a non-zero status of (\d+)/u.exec(message)?.[1];
  if (status === undefined) {
    return {};
  }
  const signal = signalOf(Number(status));
  return signal === null ? { exitCode: Number(status) } : { signal };
}

const ownFailures: Readonly<Record<number, string>> = {
  [exitCode.noBucket]:
    'The job could not read its code from the bucket: its service account needs roles/storage.objectUser there',
  [exitCode.noCode]:
    'The code of the job could not be unpacked: the image needs sh, tar and gzip, and the code must still be in the bucket',
  [exitCode.noFolder]: 'The working folder is not in the code',
  [exitCode.noSecrets]: 'The secrets of the job were gone when it started again',
  [exitCode.notSaved]:
    'The program succeeded, but not all of its results could be left in the bucket: the end of the log says which',
};

function explained(
  { startedAt, strategy, isTriedOnce, error }: VertexJob,
  message: string,
  project: string,
  region: string,
): Partial<Pick<Ending, 'explanation'>> {
  const say = (explanation: string): Partial<Pick<Ending, 'explanation'>> => ({ explanation });
  if (/ran out[- ]of[- ]memory|OOMKilled/iu.test(message)) {
    return say('It ran out of memory: ask for more memory, or for a larger machine');
  }
  if (/exited with a non-zero status/u.test(message)) {
    const { exitCode: code = null, signal = null } = exitOf(message);
    const words = ownFailures[code ?? 0] ?? endReason({ state: 'failed', exitCode: code, signal });
    return words === null ? {} : say(words);
  }
  const missing = missingQuota(message, project);
  if (missing !== null) {
    return say(
      `The project has no ${missing.isSpot ? 'spot ' : ''}quota left for it in ${region}: ask for more at ${missing.url}`,
    );
  }
  if (/STOCKOUT|preempt/iu.test(message) && strategy === 'SPOT') {
    return say(
      startedAt === null
        ? `Google Cloud has no spot machines like these in ${region} now: try another region, or without spot`
        : isTriedOnce
          ? 'Google Cloud took its spot machines back, and the job was not to be started again: submit again, without spot or without disableRetries'
          : 'Google Cloud took its spot machines back more often than Vertex AI starts a job again: submit again, or without spot',
    );
  }
  if (/resources are insufficient|STOCKOUT|RESOURCE_POOL_EXHAUSTED/iu.test(message)) {
    return say(
      `Google Cloud has no machines like these left in ${region}: try another region, another accelerator or Flex-start`,
    );
  }
  if (/image.*(?:not found|does not exist|denied|pull)|pull.*image|manifest unknown/iu.test(message)) {
    return say(
      `The image could not be pulled: check its name, and that Vertex AI may read it (${consoleUrl('artifacts', project)})`,
    );
  }
  if (/internal error/iu.test(message)) {
    return say('Vertex AI failed by itself, several times: submit again, or look at https://status.cloud.google.com');
  }
  const isLate = error?.code === 4 || /deadline|timed? ?out|time limit/iu.test(message);
  if (strategy === 'FLEX_START' && startedAt === null && (isLate || /max_?wait|\bwait/iu.test(message))) {
    return say(`It waited as long as it was allowed to, and its machines were not to be had in ${region}`);
  }
  if (isLate) {
    return say('It ran into its time limit');
  }
  return {};
}
