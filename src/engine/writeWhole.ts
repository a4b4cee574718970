import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { explainUnwritten } from './fileError.ts';

/**
 * Writes a file that appears whole or not at all; only then is one that was there replaced. Rejects with `invalid` when it cannot be
 * written, with the signal's reason, and with whatever the pieces reject with. `onBytes`: how many were written so far.
 */
export async function writeWhole(
  path: string,
  pieces: AsyncIterable<string | Uint8Array>,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const explained = async <T>(writing: Promise<T>): Promise<T> => {
    try {
      return await writing;
    } catch (error) {
      throw explainUnwritten(error, path);
    }
  };
  // What a link leads to is written, and the link stays.
  const target = await realpath(path).catch(() => path);
  const unfinished = join(dirname(target), `.${basename(target).slice(0, 32)}.${randomUUID()}.part`);
  try {
    const file = await explained(open(unfinished, 'wx'));
    let bytes = 0;
    try {
      for await (const piece of pieces) {
        signal.throwIfAborted();
        await explained(file.writeFile(piece));
        bytes += Buffer.byteLength(piece);
        onBytes(bytes);
      }
      signal.throwIfAborted();
    } finally {
      await explained(file.close());
    }
    await explained(rename(unfinished, target));
  } finally {
    await rm(unfinished, { force: true });
  }
}
