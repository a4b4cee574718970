import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, symlink } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { safeRelativePath } from '../../../core/safePath.ts';
import { hasCode } from '../nodeError.ts';

/** Unpacks a tar of files, folders and symbolic links. Throws, naming the entry, when one would leave the folder. */
export async function unpack(archive: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const entries = extract();
  const reading = pipeline(createReadStream(archive), entries);
  const writing = (async () => {
    for await (const entry of entries) {
      await place(folder, entry.header, entry);
      entry.resume();
    }
  })();
  const [read, written] = await Promise.allSettled([reading, writing]);
  // A refused entry also ends the reading, which then complains about that: the reason is the first of the two.
  const failed = [written, read].find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    throw failed.reason;
  }
}

async function place(folder: string, header: Header, content: AsyncIterable<unknown>): Promise<void> {
  if (/^\.?\/*$/u.test(header.name)) {
    return;
  }
  const path = safeRelativePath(header.name);
  if (path === null) {
    throw new Error(`the code holds "${header.name}", which is not a path inside it`);
  }
  const parts = path.split('/');
  const target = join(folder, path);
  if (header.type === 'directory') {
    await makeFolders(folder, parts);
    return;
  }
  await makeFolders(folder, parts.slice(0, -1));
  if (header.type === 'file' || header.type === 'contiguous-file') {
    // Never through a link that an earlier entry made: `wx` refuses whatever is there already.
    const mode = (header.mode & 0o777) | 0o600;
    await pipeline(content, createWriteStream(target, { flags: 'wx', mode }));
  } else if (header.type === 'symlink') {
    const to = header.linkname;
    const inside = posix.normalize(posix.join(dirname(path), to));
    if (posix.isAbsolute(to) || inside === '..' || inside.startsWith('../')) {
      throw new Error(`the code holds the link "${path}" to "${to}", which is outside it`);
    }
    await symlink(to, target);
  } else {
    throw new Error(`the code holds "${path}", which is neither a file, a folder nor a symbolic link`);
  }
}

/** Each part is made, or is a real folder already: a link in its place could lead out. */
async function makeFolders(folder: string, parts: readonly string[]): Promise<void> {
  let path = folder;
  for (const part of parts) {
    path = join(path, part);
    try {
      await mkdir(path);
    } catch (error) {
      if (!hasCode(error, 'EEXIST') || !(await lstat(path)).isDirectory()) {
        throw error;
      }
    }
  }
}
