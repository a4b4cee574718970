import { createHash } from 'node:crypto';
import { join } from 'node:path';

import type { AttemptKey } from '../core/job.ts';
import { type StreamId, streamText } from '../core/logChunk.ts';

/** Where the log of an attempt lies: one file per stream with its raw bytes, and `order`. */
export function attemptLogFolder(root: string, key: AttemptKey): string {
  return join(root, 'logs', key.runId, String(key.attempt));
}

/** A stream's file. Its name never leaves the folder, and two streams never share one. */
export function streamFile(folder: string, stream: StreamId): string {
  const safe = streamText(stream).slice(0, 100);
  const plain = /^(?:stdout|stderr)(?:\.t\d+)?(?:\.n\d+)?$/u.test(safe) && safe.startsWith(stream.name);
  const hash = createHash('sha256').update(JSON.stringify([stream.name, stream.task, stream.node])).digest('hex').slice(0, 12);
  return join(folder, plain ? `${safe}.log` : `${safe}-${hash}.log`);
}

export function orderFile(folder: string): string {
  return join(folder, 'order');
}
