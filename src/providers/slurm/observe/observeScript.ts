import { endedStates } from './states.ts';
import { queueFormat } from './queueRecord.ts';

/**
 * All that can be known of the runs named on stdin, lines of `<run> <job id>`, in one go: `now <seconds>`, then lines of
 * - `queue <run> <line of squeue>`: what Slurm says;
 * - `final <run> <line of squeue>`: the last word it said of a task that has ended, recorded by whoever saw it first, so that it is
 *   still known when Slurm has forgotten the job, and the same to everybody;
 * - `code <run> <task job id> <code:signal>`: how such a task ended, where it left no record itself;
 * - `exit <run> <file> <record>`: what the job itself recorded;
 * - `account <run> <line of sacct>`: for what is in none of them;
 * - `requeued <run> <line of the log>`: why Slurm ended it before it put it back into the queue;
 * - `cancel <run>`: we asked for its end;
 * - `there <run>`: its folder exists.
 */
export const observeScript = `
wanted=$(cat)
export SLURM_TIME_FORMAT=%s
echo "now $(date +%s.%3N)"
cd "$root/runs" 2>/dev/null || exit 0
queue=$(squeue -a -h -t all --me -o '${queueFormat}') || exit
# Lines of $1 that begin with the id of a job that is wanted, with its run before them.
select() { { printf '%s\\n' "$wanted"; echo; printf '%s\\n' "$1"; } | awk '
  !table { if ($0 == "") table = 1; else { split($0, pair, " "); run[pair[2]] = pair[1] } next }
  { id = $0; sub(/[^0-9].*/, "", id); if (id in run) print run[id] " " $0 }'; }
lines=$(select "$queue")
ended() { case $1 in ${endedStates.map((word) => `${word}*`).join('|')}) return 0 ;; esac; return 1; }
[ -z "$lines" ] || while read -r run line; do
  IFS='|' read -r job task taskjob state rest <<EOF
$line
EOF
  [ -d "$run" ] || continue
  if ended "$state" && ! grep -q "^$job|$task|" "$run/final" 2>/dev/null; then
    printf '%s\\n' "$line" >>"$run/final"
    case $task in N/A|'') record=$run/exit ;; *) record=$run/exit.t$task ;; esac
    grep -q '"endedAt"' "$record" 2>/dev/null ||
      scontrol -a -o show job "$taskjob" 2>/dev/null | sed -n "s/.* ExitCode=\\\\([0-9:]*\\\\).*/code $taskjob \\\\1/p" >>"$run/final"
  fi 2>/dev/null
  printf 'queue %s %s\\n' "$run" "$line"
  case $state in PENDING*|REQUEUE*|COMPLETING*)
    [ -s "$run/logs/slurm.log" ] || continue
    again=$(tail -n 50 "$run/logs/slurm.log" | grep 'CANCELLED AT' | tail -n 1)
    [ -z "$again" ] || printf 'requeued %s %s\\n' "$run" "$again" ;;
  esac
done <<EOF
$lines
EOF
missing=
[ -z "$wanted" ] || while read -r run job; do
  [ -d "$run" ] || continue
  printf 'there %s\\n' "$run"
  [ ! -e "$run/cancel" ] || printf 'cancel %s\\n' "$run"
  for file in "$run"/exit*; do
    [ -f "$file" ] && IFS= read -r record <"$file" && printf 'exit %s %s %s\\n' "$run" "\${file##*/}" "$record"
  done
  if [ -f "$run/final" ]; then
    while IFS= read -r line; do
      case $line in code*) printf 'code %s %s\\n' "$run" "\${line#code }" ;; *) printf 'final %s %s\\n' "$run" "$line" ;; esac
    done <"$run/final"
    # The last word on one task of an array says nothing of the others.
    ! grep -q "^$job|N/A|" "$run/final" || continue
  fi
  case "
$lines" in *"
$run "*) ;; *) missing="$missing,$job" ;; esac
done <<EOF
$wanted
EOF
[ -z "$missing" ] || select "$(sacct -X -P -n -S now-90days -j "\${missing#,}" -o JobID,State,ExitCode,Start,End,NodeList,Reason 2>/dev/null)" |
  sed 's/^/account /'
exit 0
`;
