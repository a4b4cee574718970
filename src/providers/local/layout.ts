import { join } from 'node:path';
import type { AttemptKey } from '../../core/job.ts';
import { isRunId } from '../../core/job.ts';

/** Files of one attempt, below its run folder. Everything that is known about an attempt is in them. */
export const runFile = {
  /** The native request, as planned. Written once, before the folder gets its name. */
  request: 'request.json',
  /** What the supervisor knows (runState.ts). */
  state: 'state.json',
  stdout: 'stdout.log',
  stderr: 'stderr.log',
  /** Arrival order of the two (outputOrder.ts). */
  order: 'order',
  /** The exit status, written by the wrapper around the job (launch.ts). */
  exit: 'exit',
  /** Whether the set-up is through. */
  setUp: 'set-up',
  /** There when somebody asked to cancel. */
  cancel: 'cancel',
  /** The snapshot, a hard link to the staged archive. */
  code: 'code.tar',
  /** The unpacked snapshot. */
  work: 'work',
  /** First on the job's PATH: names for the chosen Python. */
  bin: 'bin',
} as const;

export function runsFolder(root: string): string {
  return join(root, 'runs');
}

export function runFolder(root: string, run: RunName): string {
  return join(runsFolder(root), run);
}

export function snapshotsFolder(root: string): string {
  return join(root, 'snapshots');
}

export function snapshotPath(root: string, snapshotId: string): string {
  return join(snapshotsFolder(root), `${snapshotId}.tar`);
}

/** Run folders on their way in or out; what is left there by a crash is removed later. */
export function scratchFolder(root: string): string {
  return join(root, 'scratch');
}

/** Where a starting supervisor says how it is reached. */
export function addressPath(root: string): string {
  return join(root, 'supervisor.json');
}

export function supervisorLogPath(root: string): string {
  return join(root, 'supervisor.log');
}

/** `<runId>.<attempt>`: the name of an attempt's folder and the id of its handle. */
export type RunName = string & { readonly brand: 'RunName' };

const runNamePattern = /^(?<runId>[0-9A-Z]{26})\.(?<attempt>[1-9][0-9]{0,8})$/u;

/** null when the text is not such a name. */
export function parseRunName(text: string): { readonly name: RunName; readonly key: AttemptKey } | null {
  const groups = runNamePattern.exec(text)?.groups;
  const runId = groups?.['runId'];
  const attempt = Number(groups?.['attempt']);
  return isRunId(runId) && isRunName(text) ? { name: text, key: { runId, attempt } } : null;
}

export function isRunName(text: unknown): text is RunName {
  return typeof text === 'string' && isRunId(runNamePattern.exec(text)?.groups?.['runId']);
}

/** Throws a RangeError when the attempt is not a positive integer. */
export function runName(key: AttemptKey): RunName {
  const text = `${key.runId}.${key.attempt}`;
  if (!isRunName(text)) {
    throw new RangeError(`"${text}" is not a run id and an attempt number`);
  }
  return text;
}
