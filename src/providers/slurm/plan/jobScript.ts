import type { JobSpec } from '../../../core/jobSpec.ts';
import type { RunName } from '../../../core/runName.ts';
import { shellQuote } from '../../../core/shellQuote.ts';
import { hereDocument } from './hereDocument.ts';

/** Which of the user's things the script runs. */
export type Work =
  | { readonly kind: 'command'; readonly setup: string | null; readonly command: string }
  /** A copy of an existing batch script, `script` in the run folder. */
  | { readonly kind: 'script'; readonly scriptArguments: readonly string[] };

export interface JobScriptInput {
  /** null: a job that is made by hand and is no run of Aloft's. */
  readonly run: RunName | null;
  readonly snapshotId: string;
  readonly spec: JobSpec;
  readonly work: Work;
  /** A signal that Slurm sends to the batch shell before the time limit, and that the work is to get. */
  readonly signal: string | null;
}

/** Arguments of sbatch that every job has, so that it is found again, if it is a run, and its log is whole. */
export function ownArguments(run: RunName | null): string[] {
  return [...(run === null ? [] : [`--comment=aloft:${run}`]), '--open-mode=append'];
}

/** An argument of sbatch as a line of a batch script. */
export function directive(argument: string): string {
  const [name = '', value] = argument.split(/=(.*)/su);
  return `#SBATCH ${value === undefined || /^[A-Za-z0-9_.:@/+%,=-]*$/u.test(value) ? argument : `${name}="${value}"`}`;
}

/** Readable in lists of the queue, and one of a kind. */
export function jobName(name: string, run: RunName): string {
  return `${readableName(name)}-${run}`;
}

/** One word that nothing reads anything into. */
export function readableName(name: string): string {
  const readable = name
    .replaceAll(/[^A-Za-z0-9._-]+/gu, '-')
    .replaceAll(/^[-.]+|[-.]+$/gu, '')
    .slice(0, 40);
  return readable === '' ? 'job' : readable;
}

/**
 * What the batch script does below its `#SBATCH` lines: $1 is the run folder. It keeps a record of how the job began and ended, so
 * that both are known where Slurm has forgotten the job.
 */
export function scriptBody(input: JobScriptInput): string {
  return [
    `# ${input.run === null ? '' : `Run ${input.run.replace('.', ', attempt ')}. `}$1 is its folder on the cluster; what Slurm itself says goes into its logs/slurm.log.`,
    ...environment(input),
    ...work(input),
    library,
    input.spec.nodes > 1 ? severalNodes : oneNode(input),
    '',
  ].join('\n');
}

function environment({ run, spec }: JobScriptInput): string[] {
  const [runId = '', attempt = ''] = run?.split('.') ?? [];
  const own = run === null ? {} : { ALOFT_RUN_ID: runId, ALOFT_ATTEMPT: attempt };
  const variables = { PYTHONUNBUFFERED: '1', ...spec.env, ...own };
  return [
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${shellQuote(value)}`),
    // Slurm hands their values over with the environment of sbatch.
    `aloft_secrets=(${run === null ? '' : spec.secrets.join(' ')})`,
  ];
}

function work({ snapshotId, spec, work: what }: JobScriptInput): string[] {
  const common = [`aloft_snapshot=${snapshotId}`, `aloft_folder=${shellQuote(spec.workingDirectory)}`];
  if (what.kind === 'script') {
    return [
      ...common,
      `aloft_arguments=(${what.scriptArguments.map((word) => shellQuote(word)).join(' ')})`,
      scriptWork,
    ];
  }
  return [...common, assigned('aloft_setup', what.setup ?? ''), assigned('aloft_command', what.command), commandWork];
}

function assigned(name: string, text: string): string {
  return text === '' ? `${name}=` : hereDocument(`IFS= read -r -d '' ${name}`, name.toUpperCase(), text);
}

const commandWork = `aloft_work() {
  bash -c 'trap : USR1 USR2
aloft_setup=$1 aloft_command=$2; set --
if [ -n "$aloft_setup" ]; then set -e; eval "$aloft_setup"; set +e; fi
eval "$aloft_command"' aloft "$aloft_setup" "$aloft_command"
}`;

const scriptWork = `aloft_work() {
  IFS= read -r aloft_first <"$aloft_run/script"
  read -r -a aloft_interpreter <<<"\${aloft_first#??}"
  "\${aloft_interpreter[@]}" "$aloft_run/script" "\${aloft_arguments[@]}"
}`;

const library = `
aloft_run=$1
aloft_tag=\${SLURM_ARRAY_TASK_ID:+.t$SLURM_ARRAY_TASK_ID}
aloft_about="\\"job\\":\${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID},\\"restarts\\":\${SLURM_RESTART_COUNT:-0},\\"startedAt\\":$(date +%s),\\"nodes\\":\\"$SLURM_JOB_NODELIST\\""
# One block that is there already, so that a full disk cannot swallow it.
aloft_record() { printf '%-510s\\n' "$1" 1<>"$aloft_run/exit$aloft_tag"; }
aloft_end() {
  aloft_record "{\\"state\\":\\"\${aloft_stopped:-ended}\\",$aloft_about,\\"endedAt\\":$(date +%s),\\"code\\":$1\${2:+,\\"why\\":\\"$2\\"}}"
  exit "$1"
}
# The code of this run: unpacked once, by whichever of its tasks comes first.
aloft_unpack() {
  [ -d "$aloft_run/work" ] && return
  local own="$aloft_run/work.$SLURM_JOB_ID"
  rm -rf "$own" && mkdir -p "$own/$aloft_folder" || return
  (set -o pipefail; cd "$aloft_run/../../pieces" && xargs cat <"../snapshots/$aloft_snapshot" | tar -xf - -C "$own") || return
  mv -T "$own" "$aloft_run/work" 2>/dev/null || { rm -rf "$own"; [ -d "$aloft_run/work" ]; }
}
# A script that chose another folder with --chdir keeps it.
aloft_enter() { [ "$PWD" != "$aloft_run" ] || cd "$aloft_run/work/$aloft_folder"; }`;

const begin = `trap 'aloft_stopped=stopped' TERM
aloft_record "{\\"state\\":\\"running\\",$aloft_about}"
[ "\${SLURM_RESTART_COUNT:-0}" = 0 ] || echo "aloft: started again on $SLURM_JOB_NODELIST at $(date -u +%FT%TZ) (restart $SLURM_RESTART_COUNT)"
for aloft_secret in "\${aloft_secrets[@]}"; do [ -n "\${!aloft_secret+set}" ] || aloft_end 1 secrets; done
: >>"$aloft_run/logs/stdout$aloft_tag.log" || aloft_end 1 logs
aloft_unpack || aloft_end 1 unpack
aloft_enter || aloft_end 1 folder
export SLURM_SUBMIT_DIR=$PWD`;

function oneNode({ signal }: JobScriptInput): string {
  const logs = '>>"$aloft_run/logs/stdout$aloft_tag.log" 2>>"$aloft_run/logs/stderr$aloft_tag.log"';
  const name = signal === null ? null : signal.split('@')[0];
  if (name === null) {
    return `
${begin}
aloft_work ${logs}
aloft_end $?`;
  }
  return `
${begin}
set -m # a process group of its own, which can be sent the signal as a whole
{ trap : ${name}; aloft_work ${logs}; } &
aloft_child=$!
trap 'aloft_again=1; kill -${name} -- -$aloft_child' ${name}
trap 'aloft_again=1 aloft_stopped=stopped' TERM
while aloft_again=; wait $aloft_child; aloft_code=$?; [ -n "$aloft_again" ]; do :; done
aloft_end $aloft_code`;
}

const severalNodes = `
if [ "\${2-}" = node ]; then
  export NODE_RANK=$SLURM_NODEID RANK=$SLURM_PROCID
  aloft_tag=$aloft_tag$( ((NODE_RANK == 0)) || echo ".n$NODE_RANK")
  aloft_work >>"$aloft_run/logs/stdout$aloft_tag.log" 2>>"$aloft_run/logs/stderr$aloft_tag.log"
  aloft_code=$?
  # The first to fail says why; srun would say how it ended the others.
  [ $aloft_code = 0 ] || (set -C; echo $aloft_code >"$aloft_run/failed.$SLURM_JOB_ID.$SLURM_RESTART_COUNT") 2>/dev/null
  exit $aloft_code
fi
${begin}
read -r MASTER_ADDR < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
MASTER_PORT=$((20000 + SLURM_JOB_ID % 20000)) NNODES=$SLURM_JOB_NUM_NODES WORLD_SIZE=$SLURM_JOB_NUM_NODES
export MASTER_ADDR MASTER_PORT NNODES WORLD_SIZE
srun --kill-on-bad-exit=1 --nodes="$NNODES" --ntasks="$NNODES" --ntasks-per-node=1 \\
  \${SLURM_CPUS_PER_TASK:+--cpus-per-task="$SLURM_CPUS_PER_TASK"} bash "$aloft_run/job.sh" "$aloft_run" node
aloft_code=$?
[ $aloft_code = 0 ] || read -r aloft_code <"$aloft_run/failed.$SLURM_JOB_ID.$SLURM_RESTART_COUNT"
aloft_end $aloft_code`;
