import { createReadStream } from 'node:fs';
import { lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { createHash, randomUUID } from 'node:crypto';
import { basename, dirname, join, sep } from 'node:path';
import type { Connection, Handle, OutputFile } from '../core/provider.ts';
import { ProviderError } from '../core/providerError.ts';
import { isReservedOnWindows, safeRelativePath } from '../core/safePath.ts';
import { errorCode, explainUnwritten } from './fileError.ts';

export interface FetchProgress {
  /** The file being fetched. */
  readonly path: string;
  /** Bytes received so far, of all files. */
  readonly bytes: number;
  readonly totalBytes: number;
}

/** Paths as they are in the destination: relative, `/` between parts. */
export interface FetchedOutputs {
  readonly written: readonly string[];
  /** Already there with the same content. */
  readonly unchanged: readonly string[];
  /** Already there with other content, and left as they were. Empty when overwriting. */
  readonly conflicts: readonly string[];
}

/**
 * Fetches result files into a folder, which is made if need be. Each appears there whole or not at all. A file that is there
 * with other content is replaced only when `overwrite` is true. Rejects with `invalid`, before anything is fetched, when a
 * name could leave the folder, and with `invalid` when the disk is full.
 */
export async function fetchOutputs(
  connection: Pick<Connection, 'readOutput'>,
  handle: Handle,
  files: readonly OutputFile[],
  destination: string,
  signal: AbortSignal,
  onProgress: (progress: FetchProgress) => void,
  options: { readonly overwrite?: boolean } = {},
): Promise<FetchedOutputs> {
  signal.throwIfAborted();
  const wanted = files.map((file) => ({ file, path: localPath(file.path) }));
  const outcome = { written: new Array<string>(), unchanged: new Array<string>(), conflicts: new Array<string>() };
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  let bytes = 0;
  await mkdir(destination, { recursive: true });
  const root = await realpath(destination);
  for (const { file, path } of wanted) {
    const target = join(root, path);
    try {
      await makeParents(root, path);
      const result = await fetchOne(connection.readOutput(handle, file.path, signal), file, target, {
        overwrite: options.overwrite ?? false,
        signal,
        onBytes: (received) => {
          bytes += received;
          onProgress({ path, bytes, totalBytes });
        },
      });
      outcome[result].push(path);
    } catch (error) {
      throw signal.aborted ? error : explainUnwritten(error, target);
    }
  }
  return outcome;
}

function localPath(path: string): string {
  const safe = safeRelativePath(path);
  if (safe === null || (process.platform === 'win32' && isReservedOnWindows(safe))) {
    throw new ProviderError('invalid', `The result file ${JSON.stringify(path)} cannot be stored under that name.`, {
      remedy: 'Give it another name in the job, or narrow the output patterns.',
    });
  }
  return safe;
}

/** Makes the folders a file needs, one by one, so that no link among them leads out of the root. */
async function makeParents(root: string, path: string): Promise<void> {
  const parts = path.split('/').slice(0, -1);
  for (const depth of parts.keys()) {
    const folder = join(root, ...parts.slice(0, depth + 1));
    await mkdir(folder).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') {
        throw error;
      }
    });
    const real = await realpath(folder);
    if (!`${real}${sep}`.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) {
      throw new ProviderError('invalid', `${folder} is a link to ${real}, outside the folder for the results.`, {
        remedy: 'Choose another folder, or remove the link.',
      });
    }
  }
}

interface FetchContext {
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  readonly onBytes: (received: number) => void;
}

async function fetchOne(
  chunks: AsyncIterable<Uint8Array>,
  file: OutputFile,
  target: string,
  context: FetchContext,
): Promise<keyof FetchedOutputs> {
  const unfinished = join(dirname(target), `.${basename(target).slice(0, 32)}.${randomUUID()}.part`);
  try {
    const sha256 = await receive(chunks, file, unfinished, context);
    const present = await whatIsAt(target);
    if (present === sha256) {
      return 'unchanged';
    }
    if (present === 'folder' || (present !== 'nothing' && !context.overwrite)) {
      return 'conflicts';
    }
    await rename(unfinished, target);
    return 'written';
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** Writes the chunks to a new file; its SHA-256, hex. */
async function receive(
  chunks: AsyncIterable<Uint8Array>,
  file: OutputFile,
  unfinished: string,
  { signal, onBytes }: FetchContext,
): Promise<string> {
  const digest = createHash('sha256');
  let received = 0;
  const handle = await open(unfinished, 'wx');
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      digest.update(chunk);
      for (let done = 0; done < chunk.length;) {
        done += (await handle.write(chunk, done)).bytesWritten;
      }
      received += chunk.length;
      onBytes(chunk.length);
    }
    signal.throwIfAborted();
  } finally {
    await handle.close();
  }
  if (received < file.bytes) {
    throw new ProviderError('transient', `Only ${received} of the ${file.bytes} bytes of ${file.path} arrived.`, {
      remedy: 'Fetch it again; if the job is still writing it, wait until it has ended.',
    });
  }
  return digest.digest('hex');
}

/** The SHA-256 (hex) of a plain file, or what else is there. A link is not followed: it is no copy of anything. */
async function whatIsAt(path: string): Promise<string> {
  try {
    const stats = await lstat(path);
    if (!stats.isFile()) {
      return stats.isDirectory() ? 'folder' : 'other';
    }
    const digest = createHash('sha256');
    for await (const chunk of createReadStream(path)) {
      digest.update(chunk);
    }
    return digest.digest('hex');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return 'nothing';
    }
    throw error;
  }
}
