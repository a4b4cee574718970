import { createHash } from 'node:crypto';
import { type AttemptKey, isRunId } from '../../core/job.ts';

/** Labels and annotations by which our objects are found and read. */
export const label = {
  managedBy: 'app.kubernetes.io/managed-by',
  run: 'aloft.dev/run',
  attempt: 'aloft.dev/attempt',
  /** On objects that a job needs beside it: what they are for. */
  part: 'aloft.dev/part',
} as const;

export const annotation = {
  /** The spec as `specToInput` writes it. */
  spec: 'aloft.dev/spec',
  /** Of a spec that is too long to be kept: where the job runs and what it leaves, in the words of the spec. */
  results: 'aloft.dev/results',
  /** SHA-256 (hex) of the request that the job was made from. */
  hash: 'aloft.dev/spec-hash',
  /** How Aloft ended it, as JSON; see `Verdict`. */
  verdict: 'aloft.dev/verdict',
  /** When code that is in the namespace was last wanted, as RFC 3339. */
  wanted: 'aloft.dev/wanted-at',
  /** Whose code the job runs. */
  snapshot: 'aloft.dev/snapshot',
  /** Of the Job of a JobSet: the Kueue queue of the set. */
  queue: 'aloft.dev/queue',
  index: 'batch.kubernetes.io/job-completion-index',
} as const;

export const managed = 'aloft';
export const managedSelector = `${label.managedBy}=${managed}`;

/**
 * Name of the Job of an attempt: at most 40 characters, so that `-<index>` and what Kubernetes appends stay within 63. Lower
 * case, as all names there.
 */
export function jobName({ runId, attempt }: AttemptKey): string {
  return `aloft-${runId.toLowerCase()}${attempt === 1 ? '' : `-r${attempt}`}`;
}

/** Of a job, none of ours, that is made by hand of a request whose hash this is: another request is another job. */
export function nameByHand(requestHash: string): string {
  return `by-hand-${hashOf(requestHash).slice(0, 16)}`;
}

/** The attempt of a `jobName`; null for a name of another kind. */
export function keyOfName(name: string): AttemptKey | null {
  const [, runId, attempt] = /^aloft-([0-9a-z]{26})(?:-r([1-9][0-9]{0,8}))?$/u.exec(name) ?? [];
  const upper = runId?.toUpperCase();
  return isRunId(upper) ? { runId: upper, attempt: Number(attempt ?? 1) } : null;
}

/** The key that a Job's labels carry; null for a Job that is not ours. */
export function keyOfLabels(labels: Readonly<Record<string, string>>): AttemptKey | null {
  const runId = labels[label.run]?.toUpperCase();
  const attempt = Number(labels[label.attempt]);
  return isRunId(runId) && Number.isInteger(attempt) && attempt > 0 ? { runId, attempt } : null;
}

export function labelsOf(key: AttemptKey): Record<string, string> {
  return {
    [label.managedBy]: managed,
    [label.run]: key.runId.toLowerCase(),
    [label.attempt]: String(key.attempt),
  };
}

/** Of a job that is made by hand, and of its pods. */
export function labelsByHand(name: string): Record<string, string> {
  return { 'app.kubernetes.io/instance': name };
}

/** Name of the Secret that holds a small snapshot; the same content always has the same name. */
export function codeSecretName(snapshotId: string): string {
  return `aloft-code-${snapshotId.slice(0, 40)}`;
}

/** Name of the Secret that holds the values of an attempt's secrets. */
export function envSecretName(job: string): string {
  return `${job}-env`;
}

export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
