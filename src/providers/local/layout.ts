import { join } from 'node:path';
import type { RunName } from '../../core/runName.ts';

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
