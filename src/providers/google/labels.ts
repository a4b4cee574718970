import { type AttemptKey, isRunId } from '../../core/job.ts';

/** Labels hold small letters, digits, `-` and `_` alone. */
export const label = {
  run: 'aloft-run',
  attempt: 'aloft-attempt',
  /** On jobs that were given secrets, which have to be removed after the end. */
  secrets: 'aloft-secrets',
  /** How the machines are given, as `Scheduling.strategy` in small letters: lists do not show that. */
  strategy: 'aloft-strategy',
} as const;

export function labelsOf(key: AttemptKey): Readonly<Record<string, string>> {
  return { [label.run]: key.runId.toLowerCase(), [label.attempt]: String(key.attempt) };
}

/** null for a job that is not ours. */
export function keyOfLabels(labels: Readonly<Record<string, string>>): AttemptKey | null {
  const runId = labels[label.run]?.toUpperCase();
  const attempt = Number(labels[label.attempt]);
  return isRunId(runId) && Number.isInteger(attempt) && attempt > 0 ? { runId, attempt } : null;
}

/** For `ListCustomJobsRequest.filter`: the jobs of one attempt, or all of ours. */
export function labelFilter(key: AttemptKey | null): string {
  return key === null
    ? `labels.${label.run}:*`
    : Object.entries(labelsOf(key))
        .map(([name, value]) => `labels.${name}="${value}"`)
        .join(' AND ');
}
