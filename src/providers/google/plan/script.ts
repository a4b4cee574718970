import type { AttemptKey, SnapshotId } from '../../../core/job.ts';
import type { JobSpec } from '../../../core/jobSpec.ts';
import { objectOf, workFolder } from '../paths.ts';
import { globPattern } from '../results/globPattern.ts';

export const exitCode = { noBucket: 64, noCode: 65, noFolder: 66, noSecrets: 67 } as const;

const masterPort = 29_400;
const coordinatorPort = 29_500;

interface ScriptInput {
  readonly spec: JobSpec;
  readonly key: AttemptKey;
  readonly snapshotId: SnapshotId;
  readonly bucket: string;
}

/**
 * What each replica runs, for any `sh` with `tar`: gets the code from the bucket, which Vertex AI mounts below `/gcs`, finds out
 * its rank, runs set-up and command, and leaves the results in the bucket. No dollar sign comes before another or a parenthesis, so
 * that nothing on the way takes it for a variable of its own.
 */
export function jobScript({ spec, key, snapshotId, bucket }: ScriptInput): string {
  const at = (object: string): string => word(`/gcs/${bucket}/${object}`);
  const patterns = spec.outputs.flatMap((glob) => globPattern(glob) ?? []);
  const hasSecrets = spec.secrets.length > 0;
  return [
    `code=${at(objectOf.code(snapshotId))} pieces=${at(objectOf.piece(''))}`,
    `work=${word(workFolder(key))} folder=${word(spec.workingDirectory)}`,
    ...(hasSecrets ? [`secrets=${at(objectOf.secrets(key))} # ${spec.secrets.join(', ')}`] : []),
    ...(patterns.length === 0
      ? []
      : [`results=${at(objectOf.results(key))}`, `wanted=${word(patterns.map((each) => `^${each}$`).join('|'))}`]),
    `setup=${word(spec.setup ?? '')}`,
    `command=${word(spec.command)}`,
    '',
    unpack,
    spec.nodes > 1 ? ranks(spec.nodes) : singleRank,
    ...(hasSecrets ? [readSecrets] : []),
    run,
    ...(patterns.length === 0 ? [] : [leaveResults]),
    ...(hasSecrets ? [removeSecrets] : []),
    'exit "$status"',
    '',
  ].join('\n');
}

/** Text as one word of the shell, without a dollar sign before another or a parenthesis. */
function word(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`).replaceAll(/\$(?=[$(])/gu, "$$''")}'`;
}

const unpack = `if [ ! -f "$code" ]; then
  echo "Aloft: $code cannot be read. Does the service account of the job have roles/storage.objectUser on the bucket?" >&2
  exit ${exitCode.noBucket}
fi
mkdir -p "$work"
{ while read -r piece; do cat "$pieces$piece" || { : > "$work.broken"; exit 1; }; done < "$code"; head -c 1024 /dev/zero; } |
  tar -xof - -C "$work" || : > "$work.broken"
if [ -e "$work.broken" ]; then echo "Aloft: the code could not be unpacked" >&2; exit ${exitCode.noCode}; fi
cd "$work/$folder" || exit ${exitCode.noFolder}`;

/** A TPU slice of several machines is one node to Vertex AI; the TPU runtime numbers them. */
const singleRank = `NODE_RANK=\${TPU_WORKER_ID:-\${CLOUD_TPU_TASK_ID:-0}}
export NODE_RANK RANK="$NODE_RANK" NNODES=1 WORLD_SIZE=1 MASTER_ADDR=localhost MASTER_PORT=${masterPort}`;

/**
 * `CLUSTER_SPEC` names the replicas of each pool and which of them this is:
 * https://docs.cloud.google.com/vertex-ai/docs/training/distributed-training.
 */
function ranks(nodes: number): string {
  const capture = (variable: string, text: string, expression: string): string =>
    `${variable}=\`printf '%s' "$${text}" | sed -n '${expression}'\``;
  return [
    capture('task', 'CLUSTER_SPEC', String.raw`s/.*"task" *: *{\([^}]*\)}.*/\1/p`),
    capture('pool', 'task', String.raw`s/.*"type" *: *"workerpool\([0-9]*\)".*/\1/p`),
    capture('index', 'task', String.raw`s/.*"index" *: *\([0-9]*\).*/\1/p`),
    capture('MASTER_ADDR', 'CLUSTER_SPEC', String.raw`s/.*"workerpool0" *: *\[ *"\([^":]*\).*/\1/p`),
    'NODE_RANK=`expr "$pool" + "$index"`',
    `export NODE_RANK RANK="$NODE_RANK" NNODES=${nodes} WORLD_SIZE=${nodes} MASTER_ADDR MASTER_PORT=${masterPort}`,
    `export JAX_COORDINATOR_ADDRESS="$MASTER_ADDR:${coordinatorPort}" JAX_NUM_PROCESSES=${nodes} JAX_PROCESS_ID="$NODE_RANK"`,
  ].join('\n');
}

const readSecrets = `if [ ! -f "$secrets" ]; then echo "Aloft: the secrets are gone, so the job cannot start again" >&2; exit ${exitCode.noSecrets}; fi
. "$secrets"`;

/** A job that failed may be started again by Vertex AI; whoever sees it ended removes them then. */
const removeSecrets = 'if [ "$NODE_RANK" = 0 ] && [ "$status" = 0 ]; then rm -f "$secrets"; fi';

/** Hands the end that Vertex AI asks for on, so that the command can save what it has. */
const run = `shell=/bin/sh
if [ -x /bin/bash ]; then shell=/bin/bash; fi
read -r me rest < /proc/self/stat
"$shell" -c 'setup=$1 command=$2
set --
if [ -n "$setup" ]; then set -e; eval "$setup"; set +e; fi
unset setup
eval "$command"' aloft "$setup" "$command" &
child=$!
trap 'if [ "$me" = 1 ]; then kill -TERM -1; else kill -TERM "$child"; fi' TERM INT
exec 3>&2 2>/dev/null
while :; do
  wait "$child"
  status=$?
  kill -0 "$child" || break
done
exec 2>&3 3>&-`;

/** Plain files alone: a link could lead anywhere. */
const leaveResults = `if [ "$NODE_RANK" != 0 ]; then results="\${results}node$NODE_RANK/"; fi
find . -type f 2>/dev/null | sed 's|^[.]/||' | grep -E -e "$wanted" | while IFS= read -r file; do
  case $file in */*) mkdir -p "$results\${file%/*}";; *) mkdir -p "$results";; esac
  cp -- "$file" "$results$file" || echo "Aloft: $file could not be saved" >&2
done`;
