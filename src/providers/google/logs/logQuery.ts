import type { EpochMs } from '../../../core/job.ts';
import { minuteOf } from './openMinutes.ts';
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
/** An entry is not older than that when it is received. */
const dayMs = 24 * hourMs;

/** The filter of one query for what is new of all these jobs. */
export function newFilter(jobs: readonly AskedJob[], overlap: Overlap): string {
  return filterSince(jobs, ({ position }) => position.since(overlap.seconds, overlap.most));
}

/** The filter of one query for what is new of all these jobs, and for all that is to be compared. */
export function lastFilter(jobs: readonly AskedJob[], overlap: Overlap): string {
  return filterSince(jobs, (job) => {
    const since = job.position.since(overlap.seconds, overlap.most);
    return since === null ? null : Math.min(firstMinute(job) * 60, since);
  });
}

/** The first minute of what was received of a job that is to be compared. */
export function firstMinute({ since, position }: AskedJob): number {
  return Math.max(position.minutes.first, minuteOf(since / 1000));
}

/** What was received in some minutes of a job: from the first on, before the other. */
export interface AskedMinutes extends AskedJob {
  readonly from: number;
  readonly before: number;
}

/** The filter of one query for what was received in these minutes. */
export function minutesFilter(jobs: readonly AskedMinutes[]): string {
  const parts = jobs.map(
    ({ id, from, before }) =>
      `(${ofJob(id)} AND receiveTimestamp>="${time(from * 60_000)}" AND receiveTimestamp<"${time(before * 60_000)}")`,
  );
  return jobFilter(parts, Math.min(...jobs.map(({ since, from }) => Math.max(since, from * 60_000 - dayMs))));
}

function filterSince(jobs: readonly AskedJob[], receivedSince: (job: AskedJob) => number | null): string {
  const parts = jobs.map((job) => {
    const { last } = job.position;
    const received = receivedSince(job);
    return last === null || received === null
      ? ofJob(job.id)
      : `(${ofJob(job.id)} AND (receiveTimestamp>="${time(received * 1000)}" OR timestamp>="${nanosTime(last.nanos)}"))`;
  });
  const oldest = jobs.map(({ since, position: { last } }) =>
    last === null ? since : Math.max(since, Number(last.nanos / 1_000_000n) - dayMs),
  );
  return jobFilter(parts, Math.min(...oldest));
}

/** Cloud Logging looks through all there ever was unless a time is named. */
function jobFilter(parts: readonly string[], oldestMs: number): string {
  return `resource.type="ml_job" AND timestamp>="${time(oldestMs - hourMs)}" AND (${parts.join(' OR ')})`;
}

function ofJob(id: string): string {
  return `resource.labels.job_id=${quoted(id)}`;
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
