import { ProviderError } from '../../../core/providerError.ts';
import { shellQuote } from '../../../core/shellQuote.ts';
import type { SlurmHost } from '../host.ts';
import type { SlurmSettings } from '../settings.ts';

/** What is found out once about the shell that our scripts run in. */
export interface LoginEnvironment {
  /** Absolute, without links. */
  readonly root: string;
  /** Shell lines to begin a script with. */
  readonly preamble: string;
}

const missingCode = 97;
const prologueCode = 98;

/**
 * $1 root, $2 prologue. Where sbatch is not on the PATH of a plain shell, or there is a prologue, a login shell is asked for what
 * Slurm's commands need, and for nothing else: what people's profiles export may be secret.
 */
const script = `
root=$1
env | sed -n 's/^\\(S[A-Z]*_[A-Za-z0-9_]*\\)=.*/\\1/p' | grep -E '^(SLURM|SQUEUE|SACCT|SINFO|SCONTROL|SRUN|SLURMD)_' |
  grep -vxE 'SLURM_CONF|SLURM_CLUSTERS' | sed 's/^/unset /'
if [ -n "$2" ] || ! command -v sbatch >/dev/null 2>&1; then
  bash -lc 'eval "$1" || exit ${prologueCode}
command -v sbatch >/dev/null 2>&1 || exit ${missingCode}
env | grep -E "^(PATH|LD_LIBRARY_PATH|SLURM_CONF|SLURM_CLUSTERS)=" | sed "s/^/export /" >&3' aloft "$2" 3>&1 >&2 || exit
fi
case $root in
'~'*) root=$HOME\${root#?} ;;
'$'*) name=\${root#?} name=\${name%%/*}
  eval "value=\\\${$name-}"
  [ -n "$value" ] || { echo "\\$$name is not set" >&2; exit 96; }
  root=$value\${root#?"$name"} ;;
esac
# As Slurm itself will see it.
printf 'root %s\\n' "$(realpath -m -- "$root")"
`;

export async function findLoginEnvironment(
  host: SlurmHost,
  { root, prologue }: SlurmSettings,
  signal: AbortSignal,
): Promise<LoginEnvironment> {
  const { exitCode, stdout, stderr } = await host.run({ text: script, args: [root, prologue] }, signal);
  if (exitCode !== 0) {
    throw await explain(host, exitCode, stderr, prologue, signal);
  }
  const lines = stdout.split('\n');
  return {
    root: valueOf(lines, 'root ') ?? root,
    preamble: lines.flatMap((line) => preambleLine(line) ?? []).join('\n'),
  };
}

function valueOf(lines: readonly string[], begin: string): string | undefined {
  return lines.find((line) => line.startsWith(begin))?.slice(begin.length);
}

function preambleLine(line: string): string | undefined {
  const [, name, value] = /^export ([A-Z_]+)=(.*)$/u.exec(line) ?? [];
  if (name !== undefined && value !== undefined) {
    return `export ${name}=${shellQuote(value)}`;
  }
  return /^unset [A-Za-z0-9_]+$/u.test(line) ? line : undefined;
}

async function explain(
  host: SlurmHost,
  exitCode: number | null,
  raw: string,
  prologue: string,
  signal: AbortSignal,
): Promise<ProviderError> {
  const where = await host.account(signal);
  if (exitCode === prologueCode) {
    return new ProviderError('invalid', `The lines that make Slurm available failed for ${where}.`, {
      raw,
      field: 'prologue',
      remedy: `Correct them in the settings of the connection: ${prologue}`,
    });
  }
  if (exitCode === 96) {
    return new ProviderError('invalid', `The folder for runs cannot be found for ${where}.`, {
      raw,
      field: 'root',
      remedy: 'Give its full path in the settings of the connection.',
    });
  }
  return new ProviderError('unsupported', `Slurm's commands are not on the PATH of ${where}.`, {
    raw,
    remedy:
      'Choose a login node of the cluster, or write into the settings of the connection what makes them available, such as module load slurm.',
  });
}
