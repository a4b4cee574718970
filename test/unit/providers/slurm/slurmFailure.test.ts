import { describe, expect, it } from 'vitest';

import { explainFailure } from '../../../../src/providers/slurm/shell/slurmFailure.ts';

describe('what Slurm prints when it refuses', () => {
  it.each([
    [
      'sbatch: error: invalid partition specified: nowhere\nsbatch: error: Batch job submission failed: Invalid partition name specified',
      'invalid',
      'region',
    ],
    [
      'sbatch: error: Batch job submission failed: Requested node configuration is not available',
      'invalid',
      'accelerator',
    ],
    ['sbatch: error: Batch job submission failed: Invalid feature specification', 'invalid', 'options.constraint'],
    [
      'sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified',
      'invalid',
      'options.account',
    ],
    ['sbatch: error: Batch job submission failed: Invalid qos specification', 'invalid', 'options.qos'],
    [
      'sbatch: error: Batch job submission failed: Invalid generic resource (gres) specification',
      'invalid',
      'accelerator.name',
    ],
    [
      'sbatch: error: Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)',
      'invalid',
      'limits.duration',
    ],
    [
      "sbatch: error: Batch job submission failed: User's group not permitted to use this partition",
      'invalid',
      'region',
    ],
    [
      "sbatch: error: AssocMaxSubmitJobLimit\nsbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
      'quota',
      undefined,
    ],
    ['slurm_load_jobs error: Unable to contact slurm controller (connect failure)', 'transient', undefined],
    ['sbatch: error: Batch job submission failed: Socket timed out on send/recv operation', 'transient', undefined],
    ['squeue: error: If munged is up, restart with --num-threads=10', 'transient', undefined],
    ['sh: 12: cannot create request.json: No space left on device', 'capacity', undefined],
    ['mkdir: cannot create directory ‘/x’: Disk quota exceeded', 'capacity', undefined],
    ['mkdir: cannot create directory ‘/x’: Permission denied', 'invalid', 'root'],
    ['This does not look like a batch script', 'invalid', 'command'],
  ])('%s', (text, tag, field) => {
    const error = explainFailure(text, 1);
    expect(error).toMatchObject({ tag, raw: text });
    expect(error.field).toBe(field);
    expect(error.message).toMatch(/^[A-Z][^]+\.$/u);
  });

  it('leaves words that are new to us readable', () => {
    expect(explainFailure('sbatch: error: Batch job submission failed: The moon is full', 1).message).toBe(
      'Slurm refused it: The moon is full',
    );
    expect(explainFailure('', 1)).toMatchObject({ tag: 'invalid' });
    expect(explainFailure('', null)).toMatchObject({ tag: 'transient' });
    expect(explainFailure('', 137)).toMatchObject({ tag: 'transient' });
  });
});
