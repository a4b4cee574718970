/**
 * Whether a script tells Slurm what it needs: `#SBATCH` lines among the comments at its top. Slurm reads no further than the
 * first command (`man sbatch`).
 */
export function hasBatchDirectives(script: string): boolean {
  for (const line of script.split(/\r?\n/u)) {
    if (/^#SBATCH\s/u.test(line)) {
      return true;
    }
    if (!/^\s*(?:#|$)/u.test(line)) {
      return false;
    }
  }
  return false;
}

/** Whether a command does nothing but hand a script to Slurm. */
export function isBatchSubmission(command: string): boolean {
  return /^\s*sbatch\s/u.test(command);
}
