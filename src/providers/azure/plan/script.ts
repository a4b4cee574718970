import { shellQuote } from '../../../core/shellQuote.ts';

/** Names of what the job's script is given; data of the person's own cannot begin so. */
export const binding = { code: 'aloft_code', results: 'aloft_results' } as const;

/** Beyond what programs use: below 128 + 64 they would be taken for signals, and those of sysexits.h begin at 64. */
export const exitCode = {
  damagedCode: 213,
  noFolder: 214,
  noSecrets: 215,
} as const;

/** How long the processes of a node wait for the first one to unpack the code, in s. */
const unpackWithin = 1800;

/**
 * The first lines put the code together from its pieces, once per node; then set-up and command run in one shell of their own,
 * which signals are handed on to, with all programs below it; at last, when none of these is left, the results are copied to where they
 * outlive the machine, but for `./outputs` of a single node, which Azure ML keeps by itself. Any POSIX shell.
 */
const body = String.raw`aloft_own=$PWD/.aloft
aloft_node=\${NODE_RANK:-0}
if [ -n "\${OMPI_COMM_WORLD_RANK:-}" ]; then
  aloft_node=$(( OMPI_COMM_WORLD_RANK / \${OMPI_COMM_WORLD_LOCAL_SIZE:-1} ))
  aloft_master=\${AZ_BATCHAI_MPI_MASTER_NODE:-\${AZ_BATCH_MASTER_NODE:-localhost}}
  export RANK="$OMPI_COMM_WORLD_RANK" WORLD_SIZE="$OMPI_COMM_WORLD_SIZE" LOCAL_RANK="$OMPI_COMM_WORLD_LOCAL_RANK"
  export MASTER_ADDR="\${MASTER_ADDR:-\${aloft_master%%:*}}"
fi
export RANK="\${RANK:-0}" WORLD_SIZE="\${WORLD_SIZE:-1}" NODE_RANK="$aloft_node" NNODES="$aloft_nodes"
export MASTER_ADDR="\${MASTER_ADDR:-localhost}" MASTER_PORT="\${MASTER_PORT:-29500}"
if [ "$aloft_nodes" -gt 1 ]; then
  export JAX_COORDINATOR_ADDRESS="$MASTER_ADDR:8476" JAX_NUM_PROCESSES="$WORLD_SIZE" JAX_PROCESS_ID="$RANK"
fi
aloft_pieces() {
  while read -r aloft_piece; do
    gzip -dc "$aloft_code/pieces/$aloft_piece.gz" || return
  done < "$aloft_code/code/$aloft_snapshot" && : > "$aloft_own/whole"
}
if mkdir "$aloft_own" 2>/dev/null; then
  if aloft_pieces | tar -xof - && [ -e "$aloft_own/whole" ]; then : > "$aloft_own/ready"; else : > "$aloft_own/damaged"; fi
fi
aloft_waited=0
while [ ! -e "$aloft_own/ready" ]; do
  if [ -e "$aloft_own/damaged" ] || [ "$aloft_waited" -gt ${unpackWithin} ]; then
    echo "Aloft: the code could not be unpacked" >&2
    exit ${exitCode.damagedCode}
  fi
  sleep 1
  aloft_waited=$((aloft_waited + 1))
done
mkdir -p "$aloft_folder" && cd "$aloft_folder" || exit ${exitCode.noFolder}
if [ -n "$aloft_secrets" ]; then
  if [ ! -r "$aloft_code/secrets/$aloft_secrets" ]; then
    echo "Aloft: the secrets could not be read" >&2
    exit ${exitCode.noSecrets}
  fi
  . "$aloft_code/secrets/$aloft_secrets"
fi
aloft_shell=/bin/sh
if [ -x /bin/bash ]; then aloft_shell=/bin/bash; fi
exec 4>&2 2>/dev/null
"$aloft_shell" -c 'aloft_setup=$1 aloft_command=$2
set --
if [ -n "$aloft_setup" ]; then set -e; eval "$aloft_setup"; set +e; fi
eval "$aloft_command"' aloft "$aloft_setup" "$aloft_command" 2>&4 4>&- &
aloft_child=$!
aloft_below() {
  for aloft_each in $(cat "/proc/$1/task/"*/children); do
    echo "$aloft_each"
    aloft_below "$aloft_each"
  done
}
aloft_stopped=
aloft_stop() {
  aloft_all="$aloft_child $(aloft_below "$aloft_child")"
  aloft_stopped="$aloft_stopped $aloft_all"
  kill "-$1" $aloft_all
}
aloft_lives() {
  read -r aloft_line < "/proc/$1/stat" && [ "\${aloft_line#*) Z }" = "$aloft_line" ]
}
trap 'aloft_stop TERM' TERM
trap 'aloft_stop INT' INT
while :; do
  wait "$aloft_child"
  aloft_status=$?
  kill -0 "$aloft_child" || break
done
for aloft_each in $aloft_stopped; do
  while aloft_lives "$aloft_each"; do sleep 0.2 || sleep 1; done
done
exec 2>&4 4>&-
aloft_collect() {
  find . \( -path './.aloft' -o -path "$aloft_kept" \) -prune -o -type f \( "$@" \) -exec sh -c 'for file; do
    mkdir -p "$0/\${file%/*}" && cp "$file" "$0/$file" || echo "Aloft: $file could not be kept" >&2
  done' "$aloft_results/$aloft_node" {} +
}
if [ -n "$aloft_globs" ] && [ "\${LOCAL_RANK:-0}" = 0 ]; then eval "aloft_collect $aloft_globs"; fi
exit "$aloft_status"
`.replaceAll('\\$', '$');

export interface ScriptInput {
  readonly snapshotId: string;
  /** Relative to the root of the code. */
  readonly folder: string;
  readonly setup: string | null;
  readonly command: string;
  readonly nodes: number;
  /** Globs of results; none: nothing is kept. */
  readonly outputs: readonly string[];
  /** Name of the job, where it has secrets. */
  readonly secrets: string | null;
  /** Names of `${{inputs.x}}` and `${{outputs.x}}` that the command may mean. */
  readonly inputs: readonly string[];
  readonly dataOutputs: readonly string[];
}

/** The command line of the job. */
export function jobScript(input: ScriptInput): string {
  const quoted = (text: string): string => withoutExpressions(shellQuote(text), input);
  const lines = [
    `aloft_code="\${{inputs.${binding.code}}}"`,
    `aloft_results=${input.outputs.length === 0 ? "''" : `"\${{outputs.${binding.results}}}"`}`,
    `aloft_snapshot=${quoted(input.snapshotId)}`,
    `aloft_folder=${quoted(input.folder)}`,
    `aloft_nodes=${input.nodes}`,
    `aloft_secrets=${quoted(input.secrets ?? '')}`,
    `aloft_kept=${input.nodes === 1 && input.folder === '.' ? './outputs' : "''"}`,
    `aloft_globs=${quoted(input.outputs.flatMap(findTerms).join(' -o '))}`,
    `aloft_setup=${quoted(input.setup ?? '')}`,
    `aloft_command=${quoted(input.command)}`,
  ];
  return `${lines.join('\n')}\n${body}`;
}

/**
 * Azure ML replaces `${{...}}` in commands before any shell sees them. What is no name of the job's own data is taken apart so that
 * it stays as it was written.
 */
function withoutExpressions(quoted: string, { inputs, dataOutputs }: ScriptInput): string {
  return quoted.replaceAll(
    /\$\{\{(?:(?<kind>inputs|outputs)\.(?<name>\w+)\}\})?/gu,
    (text: string, ...rest: readonly unknown[]) => {
      const [kind, name] = rest;
      const known = kind === 'inputs' ? inputs : kind === 'outputs' ? dataOutputs : [];
      return typeof name === 'string' && known.includes(name) ? text : text.replace('${{', () => "$''{{");
    },
  );
}

/** Tests of `find` that are true of whatever the glob matches, and perhaps of more: who lists results looks again. */
function findTerms(glob: string): readonly string[] {
  return expandBraces(glob).flatMap((each) => {
    const parts = each.split('/').filter((part) => part !== '' && part !== '.');
    if (each.startsWith('/') || parts.includes('..')) {
      return [];
    }
    // `*` of find matches slashes too, so that one is enough for any number of folders.
    const pattern = `./${parts.map((part) => (part === '**' ? '*' : part)).join('/')}`;
    const anywhere = pattern.replaceAll('/*/', '/*');
    return [...new Set([pattern, anywhere])].flatMap((one) => [
      `-path ${shellQuote(one)}`,
      `-path ${shellQuote(`${one}/*`)}`,
    ]);
  });
}

function expandBraces(glob: string): readonly string[] {
  const match = /^(?<before>[^{}]*)\{(?<choices>[^{}]*)\}(?<after>.*)$/su.exec(glob)?.groups;
  return match === undefined
    ? [glob]
    : (match['choices'] ?? '')
        .split(',')
        .flatMap((choice) => expandBraces(`${match['before'] ?? ''}${choice}${match['after'] ?? ''}`));
}
