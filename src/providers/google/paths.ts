import { createHash } from 'node:crypto';
import type { AttemptKey } from '../../core/job.ts';
import type { Json } from '../../core/provider.ts';
import { runName } from '../../core/runName.ts';

/** Everything of ours in the bucket is below this. */
export const root = 'aloft';

/** Where the pieces of code are that belong to any job. */
export const piecesFolder = `${root}/pieces`;

/** Names of objects in the bucket, which a job sees as files below `/gcs/<bucket>/`. */
export const objectOf = {
  /** One piece of an archive of code, packed. */
  piece: (sha256: string) => `${piecesFolder}/${sha256}.gz`,
  /** The SHA-256 of the pieces of a snapshot in their order, one a line. */
  code: (snapshotId: string) => `${root}/code/${snapshotId}`,
  /** Says that a job was sent to a region that is none of its connection's; without a region what all of them begin with. */
  region: (region: string) => `${root}/regions/${region}`,
  /** That an attempt is being, or was, submitted. */
  submission: (key: AttemptKey) => `${runFolder(key)}submission.json`,
  /** A shell script that sets the secrets of an attempt. */
  secrets: (key: AttemptKey) => `${runFolder(key)}secrets.sh`,
  /** Result files that were in the working folder, with a slash at the end. */
  results: (key: AttemptKey) => placesOf(key).results,
} as const;

/** What is kept of one attempt, with a slash at the end. */
export function runFolder(key: AttemptKey): string {
  return `${root}/runs/${runName(key)}/`;
}

/** Where a job finds its code once it runs; the same in every replica. */
export function workFolder(key: AttemptKey): string {
  return placesOf(key).work;
}

/** What one job has to itself. */
export interface JobPlaces {
  /** Absolute, in its container. */
  readonly work: string;
  /** Of objects in the bucket, with a slash at the end. */
  readonly results: string;
  /** Begins the name of what a node leaves when its result files are there; its rank is added. */
  readonly saved: string;
  /**
   * Of objects in the bucket: where `AIP_MODEL_DIR`, `AIP_CHECKPOINT_DIR` and `AIP_TENSORBOARD_LOG_DIR` are when a job names no place
   * for them.
   */
  readonly output: string;
}

export function placesOf(key: AttemptKey): JobPlaces {
  return {
    work: `/tmp/aloft/${runName(key)}`,
    results: `${runFolder(key)}results/`,
    saved: `${runFolder(key)}saved/node`,
    output: `${root}/output/${runName(key)}`,
  };
}

/**
 * The same for a job that somebody makes by hand of a request: nowhere is the run named, so it touches nothing of it, and another
 * request has other places.
 */
export function placesByHand(request: Json): JobPlaces {
  const folder = `${root}/by-hand/${createHash('sha256').update(JSON.stringify(request)).digest('hex').slice(0, 16)}`;
  return {
    work: '/tmp/aloft/by-hand',
    results: `${folder}/results/`,
    saved: `${folder}/saved/node`,
    output: `${folder}/output`,
  };
}
