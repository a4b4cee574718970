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
 * list of its snapshot.
 *
 * It is no code asset of Azure ML's (`codes/<hash>/versions/1`, which a job names as `codeId`), and so studio's Code tab stays empty.
 * The `codeUri` of an asset is a folder of whole files which two assets cannot share: for every edit all files would go up again, or be
 * copied within storage by a request each (a thousand requests before a job of a thousand files). An asset for the pieces would show
 * nobody any code, and Azure ML would bring it to every node beside what the job's input brings already.
 * https://learn.microsoft.com/en-us/rest/api/azureml/code-versions/create-or-update
 */
export const stored = {
  root: 'aloft',
  /** Compressed by gzip; named by what it holds. */
  piece: (sha256: string): string => `aloft/pieces/${sha256}.gz`,
  /** With what the names of all pieces begin whose SHA-256 begins so. */
  pieces: (beginning: string): string => `aloft/pieces/${beginning}`,
  /** One SHA-256 (hex) a line, in the order of the archive. */
  codeList: (snapshotId: string): string => `aloft/code/${snapshotId}`,
  /** A script that sets the secrets of a job, gone once it has ended. */
  secrets: (job: string): string => `aloft/secrets/${job}`,
  /** Results of a job, below the rank that made them: `<here>0/results/loss.json`. */
  results: (job: string): string => `aloft/results/${job}/`,
} as const;
