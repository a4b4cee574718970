import type { EpochMs } from '../../../core/job.ts';
import type { ReadPosition } from './readPosition.ts';

/** The most jobs that one filter names: it may have 20,000 characters. */
export const jobsInFilter = 100;

/** How far before the last entries that were read late ones are looked for. */
export interface Overlap {
  readonly seconds: number;
  /** The most entries of a job that are asked for again. */
  readonly most: number;
}

export interface AskedJob {
  /** The job's number, which its entries carry. */
  readonly id: string;
  /** It has no entry that is older. */
  readonly since: EpochMs;
  readonly position: ReadPosition;
}

const hourMs = 3_600_000;

/** The filter of one query for what is new of all these jobs. */
export function listFilter(jobs: readonly AskedJob[], overlap: Overlap): string {
  const parts = jobs.map(({ id, position }) => {
    const { last } = position;
    const received = position.since(overlap.seconds, overlap.most);
    const ofJob = `resource.labels.job_id=${quoted(id)}`;
    return last === null || received === null
      ? ofJob
      : `(${ofJob} AND (receiveTimestamp>="${time(received * 1000)}" OR timestamp>="${nanosTime(last.nanos)}"))`;
  });
  // Cloud Logging looks through all there ever was unless a time is named.
  const oldest = Math.min(
    ...jobs.map(({ since, position: { last } }) => (last === null ? since : Number(last.nanos / 1_000_000n)) - hourMs),
  );
  return `resource.type="ml_job" AND timestamp>="${time(oldest)}" AND (${parts.join(' OR ')})`;
}

/** The filter of a tail session for these jobs. */
export function tailFilter(ids: readonly string[]): string {
  return `resource.type="ml_job" AND resource.labels.job_id=(${ids.map(quoted).join(' OR ')})`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

function nanosTime(nanos: bigint): string {
  const fraction = String(nanos % 1_000_000_000n).padStart(9, '0');
  return time(Number(nanos / 1_000_000_000n) * 1000).replace('.000Z', `.${fraction}Z`);
}
