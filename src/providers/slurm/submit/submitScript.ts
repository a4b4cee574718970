import { shellQuote } from '../../../core/shellQuote.ts';
import { noAnswer, refusal } from '../shell/slurmFailure.ts';
import { refusedDirective } from './directives.ts';

/*
 * Below the root folder on the cluster:
 * - `pieces/<sha256>`: content of snapshots; `snapshots/<id>`: their pieces, one a line.
 * - `runs/<run id>.<attempt>/`: everything about one attempt, enough to find it again:
 *   `request.json` (what was planned), `job.sh` (what was submitted), `script` (the existing batch script that it runs), `submitting`
 *   (sbatch may have been run and what came of it is not known) `jobid` (what it answered), `exit[.t<task>]` (how the job began and ended, by the job itself),
 *   `final` (the last that Slurm said of each task), `cancel` (we asked for the end), `work/` (the code), `folder` (a link to the
 *   working folder in it), `logs/` (one per stream).
 */

/** Seconds after which what sbatch sent has arrived, or never will. */
const settledAfter = 30;

/**
 * Shell functions for a run folder. `enter RUN` goes into it and keeps everybody else out, by a lock that ends with us, also on
 * disks without such locks. `recover` prints the id of the job that an interrupted submission left, from the job's own record, the
 * queue, or accounting; nothing when Slurm has none. A job that was rejected with BadConstraints is in the queue as well, and is
 * none.
 */
const runFolder = `
enter() {
  cd "$root/runs/$1" || exit
  exec 9>>.lock || exit
  flock -w 25 -E 75 9 2>/dev/null; case $? in
  0) return ;;
  75) echo 'aloft: not known yet: the run is being submitted by somebody else' >&2; exit 75 ;;
  esac
  tries=0
  until mkdir .locked 2>/dev/null; do
    [ -z "$(find .locked -prune -mmin +2 2>/dev/null)" ] || { rmdir .locked; continue; }
    tries=$((tries+1)); [ $tries -lt 125 ] || { echo 'aloft: not known yet: the run is locked' >&2; exit 75; }
    sleep 0.2
  done
  trap 'rmdir "$root/runs/$run/.locked"' EXIT
}
inQueue() {
  queue=$(squeue -a -h -t all --me -o '%F|%T|%r|%Z|%k') || exit
  id=$(printf '%s\\n' "$queue" | grep -v '|FAILED|BadConstraints|' |
    awk -F'|' -v folder="$PWD" -v comment="aloft:$run" '$4 == folder || $5 == comment { print $1; exit }')
  [ -n "$id" ]
}
recover() {
  id=$(sed -n 's/.*"job":\\([0-9]*\\).*/\\1/p' exit* 2>/dev/null | head -n 1)
  [ -z "$id" ] || { echo "$id"; return; }
  if inQueue; then echo "$id"; return; fi
  # What was sent may still be on its way to a controller that is slow. Both times are the disk's own.
  : >.now
  [ $(($(stat -c %Y .now) - $(stat -c %Y submitting))) -ge ${settledAfter} ] ||
    { echo 'aloft: not known yet: Slurm did not answer when the job was submitted' >&2; exit 75; }
  # A question can overtake a job that still waits at a controller which stood still; a second one, after an answer, cannot.
  sleep 3
  if inQueue; then echo "$id"; return; fi
  sacct -X -P -n -S now-30days -o JobID,Start,WorkDir 2>/dev/null |
    awk -F'|' -v folder="$PWD" '$3 == folder && $2 != "Unknown" { sub(/_.*/, "", $1); id = $1 } END { if (id != "") print id }'
}
keep() { echo "$1" >.jobid && mv .jobid jobid && cat jobid; }
`;

/** $1 run. Prints the job id, or nothing when there is none. */
export const findScript = `${runFolder}
run=$1
[ -d "$root/runs/$run" ] || exit 0
enter "$run"
[ ! -s jobid ] || { cat jobid; exit 0; }
[ -e submitting ] || exit 0
id=$(recover) || exit
[ -z "$id" ] || keep "$id"
`;

/**
 * $1 root, $2 run; then the arguments of sbatch. Runs sbatch in the run folder and leaves `jobid`, or `submitting` when it is not
 * known whether there is a job, or neither when there is none. It is a session of its own, which nothing ends when the connection
 * is lost, and holds the lock of the folder until sbatch has answered. stdin: shell lines that export the secrets.
 */
const sbatchScript = `${runFolder}
root=$1 run=$2
shift 2
trap '' HUP INT TERM PIPE
trap 'rmdir .locked 2>/dev/null' EXIT
unset SBATCH_WAIT
# A pattern such as %j would be one anywhere in the path.
output=$(printf %s "$PWD/logs/slurm.log" | sed 's/%/%%/g')
secrets=$(cat)
set -- --parsable --output="$output" --error="$output" "$@" job.sh "$PWD"
answer=$(eval "$secrets"; exec sbatch "$@" 2>.sbatch </dev/null); code=$?
id=$(printf '%s\\n' "$answer" | sed -n 's/^\\([0-9][0-9]*\\)\\(;.*\\)*$/\\1/p' | tail -n 1)
if [ $code = 0 ]; then
  [ -z "$id" ] || { keep "$id"; exit; }
  code=65
fi
if grep -qiE ${shellQuote(refusal)} .sbatch; then
  rm -f submitting
  exit $code
fi
: >submitting
if [ $code -gt 128 ] || grep -qiE ${shellQuote(noAnswer)} .sbatch; then exit 75; fi
# Words that are new to us: whether there is a job is seen when it must have arrived.
until id=$(recover 2>/dev/null); do
  [ $? = 75 ] || exit 75
  sleep 2
done
if [ -n "$id" ]; then keep "$id"; else rm -f submitting; exit $code; fi
`;

/**
 * $1 run, $2 snapshot, $3 working folder in it, $4 existing batch script or nothing; then the arguments of sbatch. stdin: three parts, each behind a line with
 * its length in bytes: request, script, and shell lines that export the secrets (nothing else holds their values). Prints the job
 * id. A second call prints that of the first.
 */
export const submitScript = `${runFolder}
run=$1 snapshot=$2 folder=$3 existing=$4
shift 4
umask 077
mkdir -p "$root/runs/$run/logs" || exit
enter "$run"
[ ! -s jobid ] || { cat jobid; exit 0; }
if [ -e submitting ]; then
  id=$(recover) || exit
  [ -z "$id" ] || { keep "$id"; exit; }
fi
part() { read -r length && head -c "$length"; }
part >request.json && part >.job && ln -sfn "work/$folder" folder || exit
secrets=$(part) || exit
if [ -n "$existing" ]; then
  case $existing in
  /*) cat "$existing" ;;
  *) (cd "$root/pieces" && xargs cat <"../snapshots/$snapshot") | tar -xOf - --occurrence=1 -- "$existing" 2>&1 ;;
  esac >script || { echo "aloft: the batch script cannot be read" >&2; cat script >&2; exit 66; }
  case $(head -c 2 script) in '#!') ;; *) echo 'This does not look like a batch script' >&2; exit 65 ;; esac
  # As sbatch itself would call it; what the script or the command says comes later and counts.
  { echo '#!/bin/bash'; printf '#SBATCH --job-name=%s\\n' "$(basename -- "$existing" | tr -c 'A-Za-z0-9._\\n-' _)"; sed -n '1d; /^[[:space:]]*$/p; /^#/p; /^[[:space:]]*[^#[:space:]]/q' script; cat .job; } >job.sh || exit
  rm .job
  option=$(awk ${shellQuote(refusedDirective)} job.sh)
  [ -z "$option" ] || { echo "aloft: not in a batch script: $option" >&2; exit 65; }
else
  mv .job job.sh || exit
fi
printf '%-510s\\n' '' >exit && : >submitting || exit
trap - EXIT
printf '%s\\n' "$secrets" | $(command -v setsid) sh -c ${shellQuote(sbatchScript)} sh "$root" "$run" "$@" >/dev/null; code=$?
[ ! -s jobid ] || { cat jobid; exit 0; }
cat .sbatch >&2
[ -e submitting ] || exit $code
echo 'aloft: not known yet: Slurm did not say whether it has the job' >&2
exit 75
`;
