/** Where things are in every container of a job: one volume that lives as long as the pod. */
export const place = {
  root: '/aloft',
  work: '/aloft/work',
  incoming: '/aloft/in',
  control: '/aloft/control',
  /** The Secret with the code, where it is small. */
  codeSecret: '/aloft-code',
} as const;

/** Files of a code archive, in the Secret as in the folder for what is sent. */
export const codeFile = { archive: 'code.tgz', sha256: 'code.sha256' } as const;

export const exitCode = {
  /** As `timeout` has it. */
  limit: 124,
  /** As a program has it that ends by SIGTERM. */
  terminated: 143,
  noCode: 64,
  damagedCode: 65,
  noFolder: 66,
} as const;

/** How long a pod waits for code that has to be sent to it, in s: it holds its accelerators meanwhile. */
export const codeWithin = 900;
/** The job says this often that it is alive, and is taken for dead after the other, in s. */
const aliveEvery = 10;
const deadAfter = 120;
/** How long a job may take to end by itself after its time limit, in s. */
const graceAfterLimit = 30;

/**
 * In the init container, as process 1, which ends by no signal that it does not handle: waits for the code, checks and unpacks it.
 * Argument: the folder that the job starts in.
 */
export const unpackScript = `trap 'exit ${exitCode.terminated}' TERM INT
mkdir -p ${place.work} ${place.incoming} ${place.control}
from=${place.codeSecret}
give_up=$(( $(date +%s) + ${codeWithin} ))
while [ ! -e ${place.codeSecret}/${codeFile.archive} ] && [ ! -e ${place.incoming}/${codeFile.archive} ]; do
  if [ "$(date +%s)" -gt "$give_up" ]; then echo "the code was not sent within ${codeWithin} s" >&2; exit ${exitCode.noCode}; fi
  sleep 0.2 2>/dev/null || sleep 1
done
if [ -e ${place.incoming}/${codeFile.archive} ]; then from=${place.incoming}; fi
wanted=$(cut -c1-64 < "$from/${codeFile.sha256}")
got=$(sha256sum < "$from/${codeFile.archive}" | cut -c1-64)
if [ "$wanted" != "$got" ]; then echo "the code arrived damaged: SHA-256 $got instead of $wanted" >&2; exit ${exitCode.damagedCode}; fi
tar -xzof "$from/${codeFile.archive}" -C ${place.work} || exit ${exitCode.damagedCode}
rm -f ${place.incoming}/${codeFile.archive}
mkdir -p "$1"
`;

/**
 * In the main container, as process 1: runs set-up and command in one shell of their own, hands signals on, ends them at the
 * time limit, and says that it is alive to whoever keeps the results. Arguments: folder, set-up, command, limit in s or nothing.
 */
export const mainScript = `child=
stop() {
  child=\${child:-$!}
  if [ -z "$child" ]; then exit ${exitCode.terminated}; fi
  if [ $$ -eq 1 ]; then kill "-$1" -1; else kill "-$1" "$child"; fi
}
trap 'stop TERM' TERM
trap 'stop INT' INT
cd "$1" || exit ${exitCode.noFolder}
setup=$2 command=$3 limit=$4 timer= control=${place.control}
mkdir -p "$control"
shell=/bin/sh
if [ -x /bin/bash ]; then shell=/bin/bash; fi
exec 4>&2 2>/dev/null
"$shell" -c 'setup=$1 command=$2
set --
if [ -n "$setup" ]; then set -e; eval "$setup"; set +e; fi
unset setup
eval "$command"' aloft "$setup" "$command" 2>&4 4>&- &
child=$!
alive() { date +%s > "$control/alive.new" && mv "$control/alive.new" "$control/alive"; }
alive
( while sleep ${aliveEvery}; do alive; done ) > /dev/null 4>&- &
beat=$!
if [ -n "$limit" ]; then
  ( sleep "$limit"; : > "$control/limit"; stop TERM; sleep ${graceAfterLimit}; stop KILL ) > /dev/null 4>&- &
  timer=$!
fi
while :; do
  wait "$child"
  status=$?
  kill -0 "$child" || break
done
: > "$control/ended"
kill "$beat" $timer
if [ -e "$control/limit" ]; then
  echo "time limit of $limit s" > /dev/termination-log
  exit ${exitCode.limit}
fi
exit "$status"
`;

/**
 * In the container beside it: keeps the pod, and so its files, until the results were fetched, at most for so many seconds
 * after the job ended in whatever way. Argument: the seconds.
 */
export const keepScript = `control=${place.control}
pause() { sleep 0.2 2>/dev/null || sleep 1; }
mkdir -p "$control"
date +%s > "$control/kept-since"
while [ ! -e "$control/ended" ]; do
  last=$(cat "$control/alive" 2>/dev/null || cat "$control/kept-since")
  if [ $(( $(date +%s) - last )) -gt ${deadAfter} ]; then break; fi
  pause
done
give_up=$(( $(date +%s) + $1 ))
while [ ! -e "$control/collected" ] && [ "$(date +%s)" -lt "$give_up" ]; do pause; done
exit 0
`;
