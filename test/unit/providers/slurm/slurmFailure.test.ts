import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { explainFailure, noAnswer, refusal } from '../../../../src/providers/slurm/shell/slurmFailure.ts';

/** Whether `grep -iE` finds it, as the scripts on the cluster ask. */
function greps(pattern: string, text: string): boolean {
  try {
    execFileSync('grep', ['-qiE', pattern], { input: `${text}\n` });
    return true;
  } catch {
    return false;
  }
}

describe('what sbatch prints when it fails', () => {
  it.each([
    'sbatch: error: Batch job submission failed: Requested node configuration is not available',
    'sbatch: error: Batch job submission failed: Invalid generic resource (gres) specification',
    'sbatch: error: Batch job submission failed: Invalid qos specification',
    'sbatch: error: invalid partition specified: nowhere\nsbatch: error: Batch job submission failed: Invalid partition name specified',
    "sbatch: error: Batch job submission failed: User's group not permitted to use this partition",
    'sbatch: error: Invalid --begin specification',
    'sbatch: unrecognized option \'--foo\'\nTry "sbatch --help" for more information',
  ])('is a refusal: %s', (text) => {
    expect(greps(refusal, text)).toBe(true);
  });

  it.each([
    'sbatch: error: Batch job submission failed: Connection reset by peer',
    'sbatch: error: Batch job submission failed: Zero Bytes were transmitted or received',
    'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)',
    'sbatch: error: Batch job submission failed: Message receive failure',
  ])('is no answer: %s', (text) => {
    expect([greps(refusal, text), greps(noAnswer, text)]).toEqual([false, true]);
    expect(explainFailure(text, 75)).toMatchObject({ tag: 'transient' });
  });

  it.each(['Unspecified error', 'Invalid authentication credential', 'Job/step already completing or completed'])(
    'is left open: %s',
    (words) => {
      expect(greps(refusal, `sbatch: error: Batch job submission failed: ${words}`)).toBe(false);
    },
  );

  it('is not read into the names of the files of a user', () => {
    expect(
      explainFailure(
        'aloft: the batch script cannot be read\ntar: progress/reservation-invalid-qos.sh: Not found in archive',
        66,
      ),
    ).toMatchObject({ tag: 'invalid', message: 'The batch script cannot be read.', field: 'command' });
    expect(explainFailure('sh: 1: cannot open progress/reservation.sh', 2)).toMatchObject({ field: undefined });
    expect(
      explainFailure('sbatch: error: Batch job submission failed: Requested reservation is invalid', 1),
    ).toMatchObject({ field: 'options.reservation' });
    expect(
      explainFailure('sbatch: error: Batch job submission failed: Invalid generic resource (gres) specification', 1),
    ).toMatchObject({ field: 'accelerator.name' });
  });
});
