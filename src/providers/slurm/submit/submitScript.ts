/*
 * Below the root folder on the cluster:
 * - `pieces/<sha256>`: content of snapshots; `snapshots/<id>`: their pieces, one a line.
 * - `runs/<run id>.<attempt>/`: everything about one attempt, enough to find it again:
 *   `request.json` (what was planned), `job.sh` (what was submitted), `script` (the existing batch script that it runs), `submitting`
 *   (sbatch may have been run), `jobid` (what it answered), `exit[.t<task>]` (how the job began and ended, by the job itself),
 *   `final` (the last that Slurm said of each task), `cancel` (we asked for the end), `work/` (the code), `folder` (a link to the
 *   working folder in it), `logs/` (one per stream).
 */

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
recover() {
  id=$(sed -n 's/.*"job":\\([0-9]*\\).*/\\1/p' exit* 2>/dev/null | head -n 1)
  [ -z "$id" ] || { echo "$id"; return; }
  # What sbatch sent before it was cut off may still be on its way; what the controller did not answer, for longer.
  least=2; grep -q unsure submitting 2>/dev/null && least=30
  while :; do
    queue=$(squeue -h -t all --me -o '%F|%T|%r|%Z|%k') || exit
    id=$(printf '%s\\n' "$queue" | grep -v '|FAILED|BadConstraints|' |
      awk -F'|' -v folder="$PWD" -v comment="aloft:$run" '$4 == folder || $5 == comment { print $1; exit }')
    [ -z "$id" ] || { echo "$id"; return; }
    [ $(($(date +%s) - $(stat -c %Y submitting))) -lt $least ] || break
    [ $least -lt 30 ] || { echo 'aloft: not known yet: Slurm did not answer when the job was submitted' >&2; exit 75; }
    sleep 0.5
  done
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
  { echo '#!/bin/bash'; sed -n '1d; /^[[:space:]]*$/p; /^#/p; /^[[:space:]]*[^#[:space:]]/q' script; cat .job; } >job.sh || exit
  rm .job
else
  mv .job job.sh || exit
fi
printf '%-510s\\n' '' >exit && : >submitting || exit
eval "$secrets"
# From here on a lost connection must not come between the job and its id.
trap '' HUP TERM PIPE
# A pattern such as %j would be one anywhere in the path.
output=$(printf %s "$PWD/logs/slurm.log" | sed 's/%/%%/g')
answer=$(sbatch --parsable --output="$output" "$@" job.sh "$PWD" 2>.sbatch); code=$?
if [ $code != 0 ]; then
  cat .sbatch >&2
  if [ $code -gt 128 ] || grep -qiE 'socket timed out|zero bytes|unexpected message|unable to contact|not responding' .sbatch; then
    echo unsure >submitting; exit 75
  fi
  rm -f submitting
  exit $code
fi
keep "\${answer%%;*}"
`;
