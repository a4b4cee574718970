import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { type AttemptKey, isRunId } from '../core/job.ts';
import { type StreamId, streamText } from '../core/logChunk.ts';

/** Where the logs of a run's attempts lie. Throws for an id that is none: it could name another folder. */
function runLogFolder(root: string, runId: AttemptKey['runId']): string {
  if (!isRunId(runId)) {
    throw new Error(`${JSON.stringify(runId)} is no run id, so it has no log.`);
  }
  return join(root, 'logs', runId);
}

/** Where the log of an attempt lies: one file per stream with its raw bytes, and `order`. */
export function attemptLogFolder(root: string, { runId, attempt }: AttemptKey): string {
  if (!Number.isSafeInteger(attempt) || attempt < 1) {
    throw new Error(`${runId} has no attempt ${attempt}, so it has no log.`);
  }
  return join(runLogFolder(root, runId), String(attempt));
}

const plainName = /^(?:stdout|stderr)(?:\.t\d+)?(?:\.n\d+)?$/u;

/** A stream's file. Its name never leaves the folder, and two streams never share one, on any file system. */
export function streamFile(folder: string, stream: StreamId): string {
  const text = streamText(stream);
  const plain = (stream.name === 'stdout' || stream.name === 'stderr') && plainName.test(text);
  // Without a dot in front (a hidden file) or after what may be the name of a device.
  const safe = text.replaceAll(/[^A-Za-z0-9_-]/gu, '_').slice(0, 100);
  return join(folder, plain ? `${text}.log` : `${safe}-${hashOf(stream)}.log`);
}

function hashOf({ name, task, node }: StreamId): string {
  return createHash('sha256')
    .update(JSON.stringify([name, task, node]))
    .digest('hex')
    .slice(0, 12);
}

export function orderFile(folder: string): string {
  return join(folder, 'order');
}
