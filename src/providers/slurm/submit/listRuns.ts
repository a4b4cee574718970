import type { FoundAttempt } from '../../../core/provider.ts';
import { parseRunName } from '../../../core/runName.ts';
import type { SlurmShell } from '../shell/slurmShell.ts';
import { handleOf } from '../handle.ts';
import { parseRequest } from './submit.ts';

/** Prints \`job <run> <id> <seconds>\` and \`request <run> <request>\` for every run that was submitted. */
const listScript = `
cd "$root/runs" 2>/dev/null || exit 0
for run in *; do
  [ -s "$run/jobid" ] && read -r id <"$run/jobid" || continue
  printf 'job %s %s\\n' "$run" "$id"
  IFS= read -r request <"$run/request.json" && printf 'request %s %s\\n' "$run" "$request"
done
stat -c 'time %n %Y' */jobid 2>/dev/null | sed 's,/jobid , ,'
exit 0
`;

/** Every run whose folder is on the cluster; one that cannot be read is left out. */
export async function listRuns(shell: SlurmShell, signal: AbortSignal): Promise<FoundAttempt[]> {
  const answer = await shell.run({ text: listScript }, signal);
  const root = await shell.root(signal);
  const lines = { job: new Map<string, string>(), request: new Map<string, string>(), time: new Map<string, string>() };
  for (const line of answer.split('\n')) {
    const [, kind, run, rest] = /^(job|request|time) (\S+) (.*)$/u.exec(line) ?? [];
    if ((kind === 'job' || kind === 'request' || kind === 'time') && run !== undefined && rest !== undefined) {
      lines[kind].set(run, rest);
    }
  }
  return [...lines.job].flatMap(([name, id]): FoundAttempt[] => {
    try {
      const run = parseRunName(name);
      const request = parseRequest(JSON.parse(lines.request.get(name) ?? 'null'));
      return run === null
        ? []
        : [
            {
              key: run.key,
              handle: handleOf(run.name, root, id),
              name: request.name,
              createdAt: Number(lines.time.get(name) ?? 0) * 1000,
              spec: request.spec,
            },
          ];
    } catch {
      return [];
    }
  });
}
