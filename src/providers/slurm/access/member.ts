import type { AttemptMember } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { SlurmShell } from '../shell/slurmShell.ts';

/** Where one member of a running job is. */
export interface MemberPlace {
  /** Slurm's id of the task it belongs to. */
  readonly taskJobId: string;
  readonly node: string;
  /** How the node is reached from the login node. */
  readonly address: string;
}

/** $1 job id, $2 task, $3 node. Prints id, node and address; 66 when it does not run or has no such member. */
const placeScript = `
line=$(squeue -a -h -t running -r --me -o '%F|%K|%A|%N') || exit
line=$(printf '%s\\n' "$line" | awk -F'|' -v job="$1" -v task="$2" '$1 == job && ($2 == task || $2 == "N/A" && task == 0) { print; exit }')
[ -n "$line" ] || exit 66
id=\${line#*|*|} id=\${id%%|*}
node=$(scontrol show hostnames "\${line##*|}" | sed -n "$(($3 + 1))p")
[ -n "$node" ] || exit 66
printf '%s %s %s\\n' "$id" "$node" "$(scontrol -a -o show node "$node" | sed -n 's/.* NodeAddr=\\([^ ]*\\).*/\\1/p')"
`;

/** Throws \`conflict\` when the job does not run, or has no such member. */
export async function placeOf(
  shell: SlurmShell,
  jobId: string,
  { task, node }: AttemptMember,
  signal: AbortSignal,
): Promise<MemberPlace> {
  const { exitCode, stdout, stderr } = await shell.finish(
    { text: placeScript, args: [jobId, String(task), String(node)] },
    signal,
  );
  const [taskJobId, host, address] = stdout.trim().split(' ');
  if (exitCode !== 0 || taskJobId === undefined || host === undefined || host === '') {
    throw new ProviderError(
      'conflict',
      `Node ${node}${task === 0 ? '' : ` of task ${task}`} of the job does not run now.`,
      {
        raw: stderr,
        remedy: 'Wait until the job runs, or choose another node.',
      },
    );
  }
  return { taskJobId, node: host, address: address === undefined || address === '' ? host : address };
}
