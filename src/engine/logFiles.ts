import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { errorCode } from './fileError.ts';
import { OpenFiles } from './openFiles.ts';

/** More files of one attempt are not kept open at once: an attempt may have a thousand streams. */
const maxOpen = 32;

/** Files that are written at positions, opened when they are needed. */
export class LogFiles {
  readonly #files = new OpenFiles(
    async (path) => await open(path, constants.O_RDWR | constants.O_CREAT, 0o600),
    maxOpen,
  );

  /** Rejects with the system's error; some of the bytes may be there then. */
  async write(path: string, position: number, bytes: Uint8Array): Promise<void> {
    await this.#files.use(path, async (file) => {
      for (let done = 0; done < bytes.byteLength;) {
        const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, position + done);
        done += bytesWritten;
      }
    });
  }

  /** What was written to these files survives a crash of the machine afterwards. */
  async sync(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      await this.#files.use(path, async (file) => {
        await file.datasync();
      });
    }
  }

  async close(): Promise<void> {
    await this.#files.close();
  }
}

/** undefined when there is no such file; rejects with the system's error when it cannot be read. */
export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/** Fewer bytes where the file ends before. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length);
  return buffer.subarray(0, await readInto(file, position, buffer));
}

/** Fills the buffer, unless the file ends before. Resolves to the number of bytes. */
export async function readInto(file: FileHandle, position: number, buffer: Uint8Array): Promise<number> {
  let read = 0;
  while (read < buffer.byteLength) {
    const { bytesRead } = await file.read(buffer, read, buffer.byteLength - read, position + read);
    if (bytesRead === 0) {
      break;
    }
    read += bytesRead;
  }
  return read;
}
