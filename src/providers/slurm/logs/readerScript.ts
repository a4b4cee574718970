/**
 * Prints what is new in the logs of many runs, over and over. stdin: a line `<run>` for each, and `<run> <file> <offset> <inode>` for
 * what was read before. $1: `follow`, or `once` to end when nothing is left; $2: a word that nobody knows. Prints lines:
 * - `D <run> <file> <offset> <length> <inode>`, so many bytes, and `T <the word>`: another line there means that the file was
 *   cut while it was read, and nothing behind `D` is to be believed;
 * - `G <run> <file> <length>`: the file was cut, or another one took its place; it is read from its beginning;
 * - `E <run>`: the job has recorded its end; `X <run>`: its folder is gone;
 * - `.`: a round is over.
 * Files are opened before they are asked for their length: only that makes NFS look.
 */
export const readerScript = `
cd "$root/runs" 2>/dev/null || exit 0
mode=$1 word=$2 runs=
key() { IFS=.; set -- $1 $2; IFS=_; key=$*; unset IFS; }
while read -r run file offset inode; do
  case $file in
  '') runs="$runs $run" ;;
  *) key "$run" "$file"; eval "at_$key=$offset inode_$key=$inode" ;;
  esac
done
quiet=0
while :; do
  moved= paths= ends= count=0
  for run in $runs; do
    key "$run" end
    eval "told=\\$told_$key"
    if [ ! -d "$run" ]; then
      [ "$told" = X ] || { printf 'X %s\\n' "$run"; eval "told_$key=X"; }
      continue
    fi
    if [ -z "$told" ] && IFS= read -r record <"$run/exit"; then
      case $record in *'"endedAt"'*) ends="$ends $run"; eval "told_$key=E" ;; esac
    fi
    for path in "$run"/logs/*.log; do
      case \${path#"$run/logs/"} in
      *[!a-z0-9.]* | *.[!tn]*.log | *.[tn][!0-9]* | *.*.*.*.log) ;;
      stdout.* | stderr.* | slurm.*) [ -f "$path" ] && true <"$path" && paths="$paths $path" count=$((count + 1)) ;;
      esac
    done
  done 2>/dev/null
  [ -z "$paths" ] || while read -r size inode path; do
    run=\${path%%/*} file=\${path##*/}
    key "$run" "$file"
    eval "at=\\\${at_$key:-0} known=\\\${inode_$key:-$inode}"
    if [ "$size" -lt "$at" ] || [ "$inode" != "$known" ]; then
      printf 'G %s %s %s\\n' "$run" "$file" "$size"
      at=0 moved=yes
      eval "at_$key=0 inode_$key=$inode"
    fi
    [ "$size" -gt "$at" ] || continue
    length=$((size - at))
    [ $length -le 1048576 ] || length=1048576
    printf 'D %s %s %s %s %s\\n' "$run" "$file" "$at" "$length" "$inode"
    dd if="$path" bs=65536 iflag=skip_bytes,count_bytes skip="$at" count=$length 2>/dev/null
    printf 'T %s\\n' "$word"
    eval "at_$key=$((at + length)) inode_$key=$inode"
    moved=yes
  done <<EOF
$(stat -c '%s %i %n' $paths 2>/dev/null)
EOF
  for run in $ends; do printf 'E %s\\n' "$run"; done
  echo .
  if [ -n "$moved" ]; then quiet=0; continue; fi
  [ "$mode" = follow ] || exit 0
  quiet=$((quiet + 1))
  if [ $count -gt 1000 ]; then sleep 1; elif [ $quiet -lt 30 ]; then sleep 0.1; else sleep 0.3; fi
done
`;
