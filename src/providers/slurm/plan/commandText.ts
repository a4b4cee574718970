import { shellQuote } from '../../../core/shellQuote.ts';
import type { SlurmSettings } from '../settings.ts';
import { hereDocument } from './hereDocument.ts';

export interface CommandInput {
  readonly name: string;
  readonly snapshotId: string;
  /** Of the code: where the job starts. */
  readonly workingDirectory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly submit:
    | { readonly kind: 'command'; readonly script: string }
    /** What follows `sbatch` for a batch script that is submitted as it is. */
    | { readonly kind: 'script'; readonly words: readonly string[] };
}

/**
 * A command for a login node that makes the same job by hand, in a folder of its own beside those of runs. Without the code on the
 * cluster it ends before it makes one.
 */
export function commandText(input: CommandInput, { root, prologue }: SlurmSettings): string {
  const { name, snapshotId, workingDirectory, env, submit } = input;
  const lines = [
    ...(prologue === '' ? [] : [prologue]),
    'set -e -o pipefail',
    'umask 077',
    `cd ${rootWord(root)} && [ -s snapshots/${snapshotId} ] || { echo 'The code of this job is not on the cluster.' >&2; exit 66; }`,
    'mkdir -p by-hand',
    `run=$(mktemp -d "$(pwd -P)"/by-hand/${name}.XXXXXX)`,
    'mkdir "$run/logs" "$run/work"',
    `(cd pieces && xargs cat <../snapshots/${snapshotId}) | tar -xf - -C "$run/work"`,
    `work="$run/work"/${shellQuote(workingDirectory)}`,
    'mkdir -p "$work"',
    ...(submit.kind === 'command'
      ? [
          'cd "$run"',
          hereDocument('cat >job.sh', 'ALOFT_JOB', submit.script),
          // A pattern such as %j would be one anywhere in the path.
          `output=$(printf %s "$run/logs/slurm.log" | sed 's/%/%%/g')`,
          'sbatch --output="$output" --error="$output" job.sh "$run"',
        ]
      : [
          'cd "$work"',
          ...Object.entries({ PYTHONUNBUFFERED: '1', ...env }).map(
            ([variable, value]) => `export ${variable}=${shellQuote(value)}`,
          ),
          `sbatch ${submit.words.map((word) => shellQuote(word)).join(' ')}`,
        ]),
    'echo "Its folder is $run"',
  ];
  return `${hereDocument('bash -l', 'ALOFT_BY_HAND', lines.join('\n'))}\n`;
}

/** A folder that may begin with `~` or a variable, as settings have it. */
function rootWord(root: string): string {
  const [, name, rest = ''] = /^(?:~|\$([A-Za-z_][A-Za-z0-9_]*))(\/.*)?$/su.exec(root) ?? [];
  const begin = name === undefined ? (root.startsWith('~') ? 'HOME' : null) : name;
  return begin === null ? shellQuote(root) : `"\${${begin}:?is not set}"${rest === '' ? '' : shellQuote(rest)}`;
}
