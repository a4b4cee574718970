import { type AttemptKey, isRunId } from '../../core/job.ts';

const pattern = /^aloft-(?<runId>[0-9a-z]{26})-(?<attempt>[1-9][0-9]{0,8})$/u;

/** Name of an attempt's job, chosen by us: whoever sends it twice updates one job. Lower case, as Azure does not tell cases apart. */
export function jobName({ runId, attempt }: AttemptKey): string {
  return `aloft-${runId.toLowerCase()}-${attempt}`;
}

/** null when it is not a job of ours. */
export function keyOfName(name: string): AttemptKey | null {
  const groups = pattern.exec(name)?.groups;
  const runId = groups?.['runId']?.toUpperCase();
  return isRunId(runId) ? { runId, attempt: Number(groups?.['attempt']) } : null;
}

/**
 * Where things are in the default datastore of the workspace. Code is kept in pieces of the archive that are shared by all
 * snapshots, so that one edited file of a thousand sends one piece; the first thing a job does is to put them together from the
 * list of its snapshot. (Azure's own code assets are folders of whole files that cannot share any: a new one for every edit.)
 */
export const stored = {
  root: 'aloft',
  /** Compressed by gzip; named by what it holds. */
  piece: (sha256: string): string => `aloft/pieces/${sha256}.gz`,
  /** One SHA-256 (hex) a line, in the order of the archive. */
  codeList: (snapshotId: string): string => `aloft/code/${snapshotId}`,
  /** A script that sets the secrets of a job, gone once it has ended. */
  secrets: (job: string): string => `aloft/secrets/${job}`,
  /** Results of a job, below the rank that made them: `<here>0/results/loss.json`. */
  results: (job: string): string => `aloft/results/${job}/`,
} as const;
