import type { SnapshotId } from '../../../core/job.ts';
import { globPattern } from '../../../core/globs.ts';
import type { JobSpec } from '../../../core/jobSpec.ts';
import { type JobPlaces, objectOf, piecesFolder } from '../paths.ts';

/** How the script ends when it is not the program that failed: codes that hardly any program ends with. */
export const exitCode = { noBucket: 211, noCode: 212, noFolder: 213, noSecrets: 214, notSaved: 215 } as const;

const masterPort = 29_400;
const coordinatorPort = 29_500;

interface ScriptInput {
  readonly spec: JobSpec;
  readonly snapshotId: SnapshotId;
  readonly bucket: string;
  readonly places: JobPlaces;
  /** The object with the secrets; null where it goes without. */
  readonly secrets: string | null;
}

/**
 * What each replica runs, for any `sh` with `tar` and `gzip`: gets the code from the bucket, which Vertex AI mounts below `/gcs`, finds out
 * its rank, runs set-up and command, and leaves the results in the bucket. Its own variables begin with `aloft_`, so that those of
 * the person stay as they are. No dollar sign comes before another or a parenthesis, so that nothing on the way takes it for a
 * variable of its own.
 */
export function jobScript({ spec, snapshotId, bucket, places, secrets }: ScriptInput): string {
  const at = (object: string): string => word(`/gcs/${bucket}/${object}`);
  const patterns = spec.outputs.flatMap((glob) => globPattern(glob) ?? []);
  const waits = spec.nodes > 1 && patterns.length > 0;
  return [
    `aloft_code=${at(objectOf.code(snapshotId))} aloft_pieces=${at(piecesFolder)}`,
    `aloft_work=${word(places.work)} aloft_folder=${word(spec.workingDirectory)}`,
    ...(secrets === null ? [] : [`aloft_secrets=${at(secrets)} # ${spec.secrets.join(', ')}`]),
    ...(patterns.length === 0
      ? []
      : [`aloft_results=${at(places.results)}`, `aloft_wanted=${word(patterns.map((each) => `^${each}$`).join('|'))}`]),
    ...(waits ? [`aloft_saved=${at(places.saved)}`] : []),
    `aloft_setup=${word(spec.setup ?? '')}`,
    `aloft_command=${word(spec.command)}`,
    '',
    unpack,
    spec.nodes > 1 ? ranks(spec.nodes) : singleRank,
    ...(waits ? [notYetSaved] : []),
    ...(secrets === null ? [] : [readSecrets]),
    run,
    ...(waits ? [hasEnded] : []),
    ...(patterns.length === 0 ? [] : [leaveResults]),
    ...(secrets === null ? [] : [removeSecrets]),
    ...(waits ? [awaitOthers(spec.nodes)] : []),
    'exit "$aloft_status"',
    '',
  ].join('\n');
}

/** Text as one word of the shell, without a dollar sign before another or a parenthesis. */
function word(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`).replaceAll(/\$(?=[$(])/gu, "$$''")}'`;
}

const unpack = `if [ ! -f "$aloft_code" ]; then
  echo "Aloft: $aloft_code cannot be read. Does the service account of the job have roles/storage.objectUser on the bucket?" >&2
  exit ${exitCode.noBucket}
fi
mkdir -p "$aloft_work"
{
  while read -r aloft_piece; do gzip -dc "$aloft_pieces/$aloft_piece.gz" || { : > "$aloft_work.broken"; exit 1; }; done < "$aloft_code"
  head -c 1024 /dev/zero
} | tar -xof - -C "$aloft_work" || : > "$aloft_work.broken"
if [ -e "$aloft_work.broken" ]; then echo "Aloft: the code could not be unpacked" >&2; exit ${exitCode.noCode}; fi
cd "$aloft_work/$aloft_folder" || exit ${exitCode.noFolder}`;

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
    capture('aloft_task', 'CLUSTER_SPEC', String.raw`s/.*"task" *: *{\([^}]*\)}.*/\1/p`),
    capture('aloft_pool', 'aloft_task', String.raw`s/.*"type" *: *"workerpool\([0-9]*\)".*/\1/p`),
    capture('aloft_index', 'aloft_task', String.raw`s/.*"index" *: *\([0-9]*\).*/\1/p`),
    capture('MASTER_ADDR', 'CLUSTER_SPEC', String.raw`s/.*"workerpool0" *: *\[ *"\([^":]*\).*/\1/p`),
    'NODE_RANK=`expr "$aloft_pool" + "$aloft_index"`',
    `export NODE_RANK RANK="$NODE_RANK" NNODES=${nodes} WORLD_SIZE=${nodes} MASTER_ADDR MASTER_PORT=${masterPort}`,
    `export JAX_COORDINATOR_ADDRESS="$MASTER_ADDR:${coordinatorPort}" JAX_NUM_PROCESSES=${nodes} JAX_PROCESS_ID="$NODE_RANK"`,
  ].join('\n');
}

const readSecrets = `if [ ! -f "$aloft_secrets" ]; then
  echo "Aloft: the secrets are gone, so the job cannot start again" >&2
  exit ${exitCode.noSecrets}
fi
. "$aloft_secrets"`;

/** A job that failed may be started again by Vertex AI; whoever sees it ended removes them then. */
const removeSecrets = 'if [ "$NODE_RANK" = 0 ] && [ "$aloft_status" = 0 ]; then rm -f "$aloft_secrets"; fi';

/** Hands the end that Vertex AI asks for on, so that the command can save what it has. */
const run = `aloft_shell=/bin/sh
if [ -x /bin/bash ]; then aloft_shell=/bin/bash; fi
read -r aloft_me aloft_rest < /proc/self/stat
"$aloft_shell" -c 'aloft_setup=$1 aloft_command=$2
set --
if [ -n "$aloft_setup" ]; then set -e; eval "$aloft_setup"; set +e; fi
unset aloft_setup
eval "$aloft_command"' aloft "$aloft_setup" "$aloft_command" &
aloft_child=$!
trap 'if [ "$aloft_me" = 1 ]; then kill -TERM -1; else kill -TERM "$aloft_child"; fi' TERM INT
exec 3>&2 2>/dev/null
while :; do
  wait "$aloft_child"
  aloft_status=$?
  kill -0 "$aloft_child" || break
done
exec 2>&3 3>&-`;

/** Plain files alone: a link could lead anywhere. */
const leaveResults = `rm -f "$aloft_work.unsaved"
aloft_to=$aloft_results
if [ "$NODE_RANK" != 0 ]; then aloft_to="\${aloft_results}node$NODE_RANK/"; fi
find . -type f 2>/dev/null | sed 's|^[.]/||' | { grep -E -e "$aloft_wanted" || [ "$?" = 1 ] || : > "$aloft_work.unsaved"; } |
  while IFS= read -r aloft_file; do
    case $aloft_file in */*) mkdir -p "$aloft_to\${aloft_file%/*}";; *) mkdir -p "$aloft_to";; esac
    cp -- "$aloft_file" "$aloft_to$aloft_file" || { echo "Aloft: $aloft_file could not be saved" >&2; : > "$aloft_work.unsaved"; }
  done
if [ -e "$aloft_work.unsaved" ] && [ "$aloft_status" = 0 ]; then aloft_status=${exitCode.notSaved}; fi`;

/** What a node says when its command has ended, and when its results are in the bucket; both may be there from before a restart. */
const notYetSaved = 'if [ "$NODE_RANK" != 0 ]; then rm -f "$aloft_saved$NODE_RANK" "$aloft_saved$NODE_RANK.ended"; fi';
const hasEnded = `if [ "$NODE_RANK" != 0 ]; then
  mkdir -p "\${aloft_saved%/*}" && true > "$aloft_saved$NODE_RANK.ended"
fi`;

/** How long the first node waits for the commands of the others to end, and for their results, in seconds. */
const othersWithin = { end: 60, save: 300 };

/**
 * Vertex AI ends all other nodes once the first has succeeded, so that one waits until they have left their results; not where nothing
 * can be written, nor long for one whose command goes on.
 */
function awaitOthers(nodes: number): string {
  return `if [ "$NODE_RANK" != 0 ]; then
  true > "$aloft_saved$NODE_RANK"
elif [ "$aloft_status" = 0 ] && mkdir -p "\${aloft_saved%/*}" && true > "\${aloft_saved}0"; then
  trap 'exit 143' TERM INT
  aloft_node=1 aloft_waited=0
  while [ "$aloft_node" -lt ${nodes} ]; do
    if [ -e "$aloft_saved$aloft_node" ]; then aloft_node=\`expr "$aloft_node" + 1\`; continue; fi
    aloft_most=${othersWithin.end}
    if [ -e "$aloft_saved$aloft_node.ended" ]; then aloft_most=${othersWithin.save}; fi
    if [ "$aloft_waited" -ge "$aloft_most" ]; then
      echo "Aloft: node $aloft_node has not left its results within $aloft_most s" >&2
      aloft_node=\`expr "$aloft_node" + 1\`
      continue
    fi
    if [ "$aloft_waited" = 0 ]; then echo "Aloft: waiting for the results of the other nodes" >&2; fi
    sleep 1
    aloft_waited=\`expr "$aloft_waited" + 1\`
  done
fi`;
}
