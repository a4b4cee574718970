import { posix } from 'node:path';

import type { OutputFile } from '../../../core/provider.ts';
import { isProviderError, ProviderError } from '../../../core/providerError.ts';
import type { RunName } from '../../../core/runName.ts';
import { safeRelativePath } from '../../../core/safePath.ts';
import { explainFailure } from '../shell/slurmFailure.ts';
import type { SlurmShell } from '../shell/slurmShell.ts';

/** Goes into the working folder of run $1, which the job may have put anything in place of. */
const enter = `
cd "$root/runs/$1/folder" 2>/dev/null || exit 66
home=$(pwd -P)
case $home in "$root/runs/$1/work" | "$root/runs/$1/work"/*) ;; *) exit 66 ;; esac
`;

/**
 * $1 run, then what to look through. Prints `<bytes> <seconds> <path>`, each ended by a NUL: files, and links whose target is a file
 * below the working folder. Links to folders are not followed.
 */
const listScript = `${enter}
shift
for start do
  case $(realpath -e -- "$start" 2>/dev/null) in "$home" | "$home"/*) ;; *) continue ;; esac
  find "./$start" -type f -printf '%s %T@ %p\\0' -o -type l -xtype f -exec sh -c '
    home=$1; shift
    for link do
      case $(realpath -e -- "$link"; echo /) in
      "$home"/*) about=$(stat -L -c "%s %Y" -- "$link") && printf "%s %s\\0" "$about" "$link" ;;
      esac
    done' sh "$home" {} + 2>/dev/null
done
exit 0
`;

/**
 * $1 run, $2 path, $3 a pattern of it where bytes of it are not known to us. Prints where it really is, or a link to there whose name can
 * be said in UTF-8; 66: no file, 77: outside, 78: several that fit.
 */
const locateScript = `${enter}
if [ -n "$3" ] && [ ! -e "$2" ]; then
  case $(LC_ALL=C find . -path "$3" -printf x) in '') exit 66 ;; x) ;; *) exit 78 ;; esac
  target=$(LC_ALL=C find . -path "$3" -exec realpath -e -- {} \\; && echo /)
  link=$root/runs/$1/output-$(printf %s "$2" | sha256sum | cut -c 1-16)
else
  target=$(realpath -e -- "$2" 2>/dev/null && echo /) || exit 66
  link=
fi
target=\${target%?/}
case $target in "$home"/*) ;; *) exit 77 ;; esac
[ -f "$target" ] || exit 66
[ -z "$link" ] || { ln -sfn -- "$target" "$link" && target=$link; } || exit
printf %s "$target"
`;

/** The files of a run's working folder that match one of the globs; a matched folder stands for everything in it. */
export async function listOutputs(
  shell: SlurmShell,
  run: RunName,
  globs: readonly string[],
  signal: AbortSignal,
): Promise<OutputFile[]> {
  const inside = globs.filter((glob) => !glob.startsWith('/') && !glob.split('/').includes('..'));
  if (inside.length === 0) {
    return [];
  }
  const script = { text: listScript, args: [run, ...startingPoints(inside)] };
  const { exitCode, stdout, stderr } = await shell.finish(script, signal);
  if (exitCode !== 0 && exitCode !== 66) {
    throw explainFailure(stderr, exitCode);
  }
  const found = new Map<string, OutputFile>();
  for (const entry of stdout.split('\0')) {
    const [, bytes, seconds, raw] = /^([0-9]+) ([0-9.]+) (.+)$/su.exec(entry) ?? [];
    const path = raw === undefined ? '' : posix.normalize(raw);
    if (path !== '' && inside.some((glob) => matches(path, glob))) {
      found.set(path, { path, bytes: Number(bytes), modifiedAt: Math.round(Number(seconds) * 1000) });
    }
  }
  return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The folders before the first pattern of each glob, without those below another. */
function startingPoints(globs: readonly string[]): string[] {
  const starts = globs.map((glob) => {
    const parts = glob.split('/');
    const pattern = parts.findIndex((part) => /[*?[\]{}()!+@\\]/u.test(part));
    return (pattern < 0 ? parts : parts.slice(0, pattern)).join('/') || '.';
  });
  const isBelow = (path: string, folder: string): boolean => folder === '.' || path.startsWith(`${folder}/`);
  return [...new Set(starts)].filter((start) => !starts.some((other) => other !== start && isBelow(start, other)));
}

/** The path itself, or a folder above it. */
function matches(path: string, glob: string): boolean {
  const parts = path.split('/');
  return parts.some((_, index) => posix.matchesGlob(parts.slice(0, parts.length - index).join('/'), glob));
}

/** For `find`: a name that is not UTF-8 reaches us with this sign in place of what could not be read. Empty for all others. */
function patternOfUnknown(path: string): string {
  return path.includes('\uFFFD')
    ? `./${path.replaceAll(/[*?[\]\\]/gu, String.raw`\$&`).replaceAll(/\uFFFD+/gu, '*')}`
    : '';
}

/** How often a transfer is gone on with after the connection was lost without a byte in between. */
const mostResumptions = 3;

/** Throws `invalid` when the path leaves the folder, also through a link, and `notFound` when no file is there. */
export async function* readOutputFile(
  shell: SlurmShell,
  run: RunName,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const inside = safeRelativePath(path);
  if (inside === null) {
    throw outside(path);
  }
  const script = { text: locateScript, args: [run, inside, patternOfUnknown(inside)] };
  const { exitCode, stdout, stderr } = await shell.finish(script, signal);
  if (exitCode === 77) {
    throw outside(path);
  }
  if (exitCode === 78) {
    throw new ProviderError('conflict', `Several files of the job could be "${path}": their names are not UTF-8.`, {
      remedy: 'Let the job write them under names that are.',
    });
  }
  if (exitCode !== 0) {
    throw new ProviderError('notFound', `The job has no file "${path}".`, { raw: stderr });
  }
  let offset = 0;
  for (let failures = 0; ;) {
    try {
      for await (const bytes of shell.host.readFile(stdout, offset, signal)) {
        yield bytes;
        offset += bytes.length;
        failures = 0;
      }
      return;
    } catch (error) {
      failures += 1;
      if (!isProviderError(error) || error.tag !== 'transient' || failures > mostResumptions) {
        throw error;
      }
    }
  }
}

function outside(path: string): ProviderError {
  return new ProviderError('invalid', `"${path}" is not inside the job's folder.`, { field: 'path' });
}
