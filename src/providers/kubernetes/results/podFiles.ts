import { foldersOf, matcher } from '../../../core/globs.ts';
import type { OutputFile } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { safeRelativePath } from '../../../core/safePath.ts';
import type { KubeApi } from '../client/api.ts';
import { exec, type ExecTarget } from '../client/exec.ts';

/** Arguments: the folder, then where to look in it. Prints size, time and path of each file, with NULs between. */
const listScript = `cd "$1" || exit 44
shift
for start do
  if [ -L "./$start" ] || [ ! -e "./$start" ]; then continue; fi
  find "./$start" -type f -exec sh -c 'for file do meta=$(stat -c "%s %Y" "$file") && printf "%s %s\\0" "$meta" "$file"; done' sh {} +
done
`;

/** Arguments: the folder, a path in it. Links are followed as long as they stay inside. */
const readScript = `cd "$1" || exit 44
root=$(pwd -P)
if [ ! -e "$2" ]; then exit 44; fi
folder=$(cd "$(dirname "$2")" 2>/dev/null && pwd -P) || exit 44
case "$folder/" in "$root"/*) ;; *) exit 45 ;; esac
if [ -L "$2" ]; then
  real=$(readlink -f "$2") || exit 44
  case "$real" in "$root"/*) ;; *) exit 45 ;; esac
fi
if [ ! -f "$2" ]; then exit 44; fi
exec cat "$2"
`;

const mostListed = 16 * 1024 * 1024;

/** The job has that file, or had it, but this one cannot be had, however often it is tried. */
export class UnreadableFile extends ProviderError {}

export interface PodFiles {
  readonly files: readonly OutputFile[];
  /** Why there may be more of them, in the words of the pod; null when these are all. */
  readonly trouble: string | null;
}

/** Exit codes of what could not be done; from here on somebody or something ended the command. */
const firstSignal = 128;

/** The files below a folder of a container that match the globs, as far as they can be seen. */
export async function listPodFiles(
  api: KubeApi,
  target: ExecTarget,
  folder: string,
  globs: readonly string[],
  signal: AbortSignal,
): Promise<PodFiles> {
  const starts = foldersOf(globs);
  if (starts.length === 0) {
    return { files: [], trouble: null };
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { exitCode, stderr } = await exec(
    api,
    target,
    ['/bin/sh', '-c', listScript, 'aloft', folder, ...starts],
    signal,
    {
      onOutput: (chunk) => {
        bytes += chunk.length;
        if (bytes > mostListed) {
          throw new ProviderError('invalid', 'The job has too many files to list.', {
            remedy: 'Narrow the output patterns.',
          });
        }
        chunks.push(chunk);
      },
    },
  );
  if (exitCode === 44) {
    return { files: [], trouble: null };
  }
  if (exitCode >= firstSignal) {
    throw new ProviderError('transient', 'The files of the job could not be listed.', { raw: stderr.trim() });
  }
  const isWanted = matcher(globs);
  const files = Buffer.concat(chunks)
    .toString('utf8')
    .split('\0')
    .flatMap((record) => {
      const [, size, seconds, path] = /^(\d+) (\d+) \.\/(.*)$/su.exec(record) ?? [];
      const inside = path === undefined ? null : safeRelativePath(path);
      return inside === null || !isWanted(inside)
        ? []
        : [{ path: inside, bytes: Number(size), modifiedAt: Number(seconds) * 1000 }];
    })
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return { files, trouble: exitCode === 0 ? null : stderr.trim() || `exit code ${exitCode}` };
}

/** The bytes of one file. Rejects with `notFound` and `invalid` as the contract has it. */
export async function readPodFile(
  api: KubeApi,
  target: ExecTarget,
  folder: string,
  path: string,
  onBytes: (bytes: Buffer) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { exitCode, stderr } = await exec(
    api,
    target,
    ['/bin/sh', '-c', readScript, 'aloft', folder, `./${path}`],
    signal,
    {
      onOutput: onBytes,
    },
  );
  if (exitCode === 44) {
    throw new UnreadableFile('notFound', `The job has no file "${path}".`);
  }
  if (exitCode === 45) {
    throw new UnreadableFile('invalid', `"${path}" is not inside the job's folder.`, { field: 'path' });
  }
  if (exitCode >= firstSignal) {
    throw new ProviderError('transient', `"${path}" could not be read.`, { raw: stderr.trim() });
  }
  if (exitCode !== 0) {
    throw new UnreadableFile('invalid', `"${path}" cannot be read.`, { raw: stderr.trim() });
  }
}
