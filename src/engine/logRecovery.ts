import { randomInt } from 'node:crypto';
import { mkdir, open, stat, truncate } from 'node:fs/promises';

import type { AttemptKey } from '../core/job.ts';
import type { Clock } from '../core/ports.ts';
import { errorCode } from './fileError.ts';
import { orderFile, streamFile } from './logFolder.ts';
import { decodeOrder, nextOpening, orderRecordBytes } from './logOrder.ts';
import type { LogPosition, LogState } from './logRecords.ts';

/** The part of the store that remembers how far logs are. */
export interface LogPositions {
  logState(key: AttemptKey): LogState;
  /** False, and nothing is recorded, when the attempt is gone or `from` is not what is recorded: somebody else went on. */
  recordLog(key: AttemptKey, state: LogState, from: LogPosition): boolean;
}

export interface SpoolDeps {
  readonly key: AttemptKey;
  readonly folder: string;
  readonly positions: LogPositions;
  readonly clock: Clock;
}

/** Another process has gone on with this log, or the job was deleted. */
export class Superseded extends Error {
  override readonly name = 'Superseded';

  constructor({ runId, attempt }: AttemptKey) {
    super(`The log of ${runId}, attempt ${attempt}, is followed elsewhere or was deleted.`);
  }
}

const nothing: LogState = { cursor: null, orderBytes: 0, status: 'none', streams: [], gaps: [] };

/**
 * Cuts an attempt's log files back to what is recorded, and says where the log goes on. Files that are shorter mean that the
 * machine died before the bytes reached the disk: then the log starts again from the beginning. Rejects when the folder cannot
 * be written.
 */
export async function recoverLog({
  key,
  folder,
  positions,
}: SpoolDeps): Promise<{ readonly state: LogState; readonly opening: number }> {
  const recorded = positions.logState(key);
  const files = [
    { path: orderFile(folder), bytes: recorded.orderBytes },
    ...recorded.streams.map(({ stream, bytes }) => ({ path: streamFile(folder, stream), bytes })),
  ];
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const sizes = await Promise.all(files.map(async ({ path }) => await sizeOf(path)));
    const opening = await openingAfter(orderFile(folder), sizes[0] ?? 0);
    const short = files.some(({ bytes }, index) => (sizes[index] ?? 0) < bytes);
    if (short && !positions.recordLog(key, nothing, recorded)) {
      throw new Superseded(key);
    }
    for (const [index, { path, bytes }] of files.entries()) {
      const keep = short ? 0 : bytes;
      if ((sizes[index] ?? 0) > keep) {
        await truncate(path, keep);
      }
    }
    return { state: short ? nothing : recorded, opening };
  } catch (error) {
    throw explainWrite(error, folder);
  }
}

/** What an unrecorded stream left in its file does not count. */
export async function clearFile(path: string): Promise<void> {
  if ((await sizeOf(path)) > 0) {
    await truncate(path, 0);
  }
}

/** Different from every opening that has left records in the file, recorded or not. */
async function openingAfter(order: string, size: number): Promise<number> {
  const at = Math.floor(size / orderRecordBytes) * orderRecordBytes - orderRecordBytes;
  if (at < 0) {
    return randomInt(65_536);
  }
  const file = await open(order, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(orderRecordBytes), 0, orderRecordBytes, at);
    const [last] = decodeOrder(buffer.subarray(0, bytesRead));
    return last === undefined ? randomInt(65_536) : nextOpening(last.opening);
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return 0;
    }
    throw error;
  }
}

/** Says where and what to do when the disk is full. */
export function explainWrite(error: unknown, folder: string): Error {
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Error(
      `The disk is full: the log could not be written to ${folder}. Free some space; it goes on by itself then.`,
      {
        cause: error,
      },
    );
  }
  return error instanceof Error ? error : new Error(String(error));
}
