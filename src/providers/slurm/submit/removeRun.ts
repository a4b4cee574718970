import type { RunName } from '../../../core/runName.ts';
import type { SlurmShell } from '../shell/slurmShell.ts';

/**
 * $1 run. The folder leaves its name first, so that it is never half there. Then goes what no run and no submission of the last days
 * needs any more: lists of snapshots, pieces that no list names, parts that nobody goes on with.
 */
const removeScript = `
cd "$root/runs" 2>/dev/null || exit 0
if [ -d "$1" ]; then
  mv "$1" ".removed.$1.$$" || exit
fi
rm -rf .removed.*
cd ../snapshots 2>/dev/null || exit 0
used=$(cat ../runs/*/request.json 2>/dev/null | grep -o '"snapshot":"[0-9a-f]*"' | cut -d '"' -f 4 | sort -u)
old=$(find . ../pieces -type f -mtime +6 2>/dev/null)
[ -n "$old" ] || exit 0
for list in *; do
  case "
$used
" in *"
$list
"*) ;; *) [ -z "$(find "$list" -mtime +6 2>/dev/null)" ] || rm -f "$list" ;; esac
done
cat ./* 2>/dev/null | sort -u >.needed.$$
find ../pieces -type f -mtime +6 -printf '%f\\n' | grep -vxF -f .needed.$$ | (cd ../pieces && xargs -r rm -f)
rm -f .needed.$$
exit 0
`;

export async function removeRun(shell: SlurmShell, run: RunName, signal: AbortSignal): Promise<void> {
  await shell.run({ text: removeScript, args: [run] }, signal);
}
