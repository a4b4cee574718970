import type { EpochMs } from '../../../core/job.ts';
import type { Observation } from '../../../core/provider.ts';
import type { VertexJob } from '../client/jobs.ts';
import { endingOf } from './ending.ts';

/** What Vertex AI says of a job, in the words of the contract. `region` and `project` are named in explanations. */
export function observationOf(job: VertexJob, project: string, region: string, askedAt: EpochMs): Observation {
  const status = statusOf(job, project, region);
  const ended = status.state === 'succeeded' || status.state === 'failed' || status.state === 'cancelled';
  return {
    exitCode: null,
    signal: null,
    ...status,
    nativeState: job.state,
    reason: job.error === null || job.error.message === '' ? null : job.error.message,
    observedAt: askedAt,
    startedAt: job.startedAt,
    endedAt: ended ? (job.endedAt ?? askedAt) : null,
    nodes: [],
    tasks: [],
    native: job.native,
  };
}

/** A job that failed, of which Vertex AI has not said why yet: it stays as it was for now. */
export function awaitsReason(job: VertexJob, askedAt: EpochMs): Observation {
  return {
    state: 'unknown',
    explanation: 'Vertex AI says that it failed, and not yet why',
    nativeState: job.state,
    reason: null,
    observedAt: askedAt,
    startedAt: job.startedAt,
    endedAt: null,
    exitCode: null,
    signal: null,
    nodes: [],
    tasks: [],
    native: job.native,
  };
}

type Status = Pick<Observation, 'state'> & Partial<Pick<Observation, 'explanation' | 'exitCode' | 'signal'>>;

function statusOf(job: VertexJob, project: string, region: string): Status {
  switch (job.state) {
    case 'JOB_STATE_QUEUED':
      return (
        restarted(job) ?? {
          state: 'queued',
          explanation:
            'Vertex AI has it in its queue; it stays there while the project has no quota left for custom training',
        }
      );
    case 'JOB_STATE_PENDING':
      return restarted(job) ?? { state: 'provisioning', explanation: pendingWords(job, region) };
    case 'JOB_STATE_PAUSED':
      return { state: 'queued', explanation: 'Vertex AI has paused it' };
    case 'JOB_STATE_RUNNING':
    case 'JOB_STATE_UPDATING':
      return { state: 'running' };
    case 'JOB_STATE_SUCCEEDED':
    case 'JOB_STATE_PARTIALLY_SUCCEEDED':
      return { state: 'succeeded', exitCode: 0 };
    case 'JOB_STATE_CANCELLING':
      return { state: 'cancelling' };
    case 'JOB_STATE_CANCELLED':
      return { state: 'cancelled' };
    case 'JOB_STATE_EXPIRED':
      return { state: 'failed', explanation: 'It ran into its time limit' };
    case 'JOB_STATE_FAILED':
      return { state: 'failed', ...endingOf(job, project, region) };
    default:
      return { state: 'unknown' };
  }
}

/** A job that waits though it has run before: Vertex AI starts it again by itself. */
function restarted({ startedAt, strategy }: VertexJob): Status | null {
  if (startedAt === null) {
    return null;
  }
  return {
    state: 'preempted',
    explanation:
      strategy === 'SPOT'
        ? 'Google Cloud took its spot machines back; Vertex AI starts it again, up to six times'
        : 'A machine failed or was taken away; Vertex AI starts it again',
  };
}

function pendingWords({ strategy }: VertexJob, region: string): string {
  if (strategy === 'FLEX_START') {
    return `Flex-start: it begins when all its machines can be had at once in ${region}`;
  }
  return strategy === 'SPOT'
    ? `Google Cloud looks for spot machines in ${region} and gets them ready`
    : `Google Cloud gets its machines ready in ${region}`;
}
