import type { DryRun, Plan } from '../../../core/provider.ts';
import { shellQuote } from '../../../core/shellQuote.ts';
import type { SlurmShell } from '../shell/slurmShell.ts';
import { explainFailure } from '../shell/slurmFailure.ts';
import { isRetryable } from '../../../core/providerError.ts';
import { parseRequest } from './submit.ts';

/** $@ arguments of sbatch; stdin: the script. It is made nowhere but in a pipe of sbatch's own. Prints what Slurm answers, in UTC. */
const testScript = `
export TZ=UTC
sbatch --test-only "$@" 2>&1
`;

/** Asks Slurm, without making anything, whether and when it would start the job. */
export async function dryRun(shell: SlurmShell, plan: Plan, signal: AbortSignal): Promise<DryRun> {
  const { script, existingScript, arguments: args } = parseRequest(plan.request);
  if (existingScript !== null) {
    return {
      accepted: true,
      explanation: `Slurm reads the #SBATCH lines of ${existingScript} when it is submitted`,
      expectedStartAt: null,
      raw: `sbatch ${args.map(shellQuote).join(' ')}`,
    };
  }
  const finished = await shell.finish({ text: testScript, args, input: Buffer.from(script) }, signal);
  const raw = finished.stdout.trim();
  if (finished.exitCode === 0) {
    const [, start, place] = /to start at ([0-9T:-]+) using .*? on nodes? (\S+)/u.exec(raw) ?? [];
    const at = start === undefined ? Number.NaN : Date.parse(`${start}Z`);
    return {
      accepted: true,
      explanation: `Slurm would take it${place === undefined ? '' : `, on ${place}`}`,
      expectedStartAt: Number.isNaN(at) ? null : at,
      raw,
    };
  }
  const error = explainFailure(raw, finished.exitCode);
  if (isRetryable(error)) {
    throw error;
  }
  return { accepted: false, explanation: error.message.replace(/\.$/u, ''), expectedStartAt: null, raw };
}
