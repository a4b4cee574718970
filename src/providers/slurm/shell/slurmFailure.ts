import { ProviderError, type ProviderErrorTag } from '../../../core/providerError.ts';

/**
 * Extended regular expression for what sbatch prints when it was refused for certain: by itself, or by the controller's answer
 * (slurm_errno.c, 22.05 to 24.11). Of all else it may print, a job may be the result as well.
 */
export const refusal = `^sbatch: (error|fatal): (Batch job submission failed: )?(${[
  'Invalid (--|(partition|account|qos|(cluster )?feature|generic resource|Trackable RESource|node (name|count)|wckey|license|job array|time|time-min) )',
  "Access.permission denied|Access denied to requested reservation|User's group not permitted|Job violates accounting|Job dependency problem",
  'Requested (node configuration|nodes not in|partition configuration|time limit|reservation|more tasks|GRES)',
  'Required (node|partition) not available|No partition specified|Node count specification invalid|CPU count|More processors requested',
  'Memory (required|specification)|Problem using reservation|Unable to open file|This does not look like a batch script|Batch script (is empty|contains)',
].join('|')})|^sbatch: (unrecognized|invalid) option|^Try "sbatch --help"`;

/** Extended regular expression for what is printed when the controller's answer, if there was one, did not arrive. */
export const noAnswer =
  'unable to contact slurm controller|socket timed out|zero bytes were transmitted|unexpected message|temporarily unable to (accept|process)|' +
  'slurm_persist_conn|communications? (.* )?(error|failure)|message (send|receive) failure|controller .* not responding|' +
  'connection (reset|refused|aborted|timed out)|broken pipe|no route to host|network is (unreachable|down)|incomplete packet|aloft: not known yet';

/** What Slurm's commands, and the system below them, print when they fail. */
const failures: readonly {
  readonly pattern: RegExp;
  readonly tag: ProviderErrorTag;
  readonly message: string;
  readonly remedy?: string;
  readonly field?: string;
}[] = [
  {
    pattern: /^aloft: the batch script cannot be read/mu,
    tag: 'invalid',
    message: 'The batch script cannot be read.',
    field: 'command',
    remedy: 'Check its path: below the working folder, or absolute on the cluster.',
  },
  {
    pattern: /^aloft: not in a batch script/mu,
    tag: 'invalid',
    message: 'The batch script has a #SBATCH line with an option that cannot be used here.',
    field: 'command',
    remedy: 'Take out --test-only, --wait and --clusters; add another cluster as a connection of its own.',
  },
  {
    pattern: /no space left on device|disk quota exceeded|file too large/iu,
    tag: 'capacity',
    message: 'The disk of the cluster is full, or your quota there is used up.',
    remedy:
      'Free some space, delete finished jobs, or choose another folder for runs in the settings of the connection.',
  },
  {
    pattern: new RegExp(noAnswer, 'iu'),
    tag: 'transient',
    message: "Slurm's controller does not answer.",
  },
  {
    pattern: /incompatible versions|invalid protocol version/iu,
    tag: 'unsupported',
    message: "Slurm's commands on this node are of another version than its controller.",
    remedy: 'Choose another login node, or write into the settings of the connection what loads the right version.',
  },
  {
    pattern: /munge|invalid authentication credential|authentication (?:error|failure)/iu,
    tag: 'transient',
    message: 'Slurm does not recognize this node: its authentication service does not work.',
    remedy: 'If it lasts, tell the administrators of the cluster.',
  },
  {
    pattern: /invalid partition name|no partition specified|invalid partition/iu,
    tag: 'invalid',
    message: 'The cluster has no such partition.',
    field: 'region',
    remedy: 'Choose one of its partitions.',
  },
  {
    pattern: /group not permitted to use this partition|access\/permission denied/iu,
    tag: 'invalid',
    message: 'You may not use this partition.',
    field: 'region',
    remedy: 'Choose another one, or ask the administrators of the cluster.',
  },
  {
    pattern: /invalid account/iu,
    tag: 'invalid',
    message: 'Slurm does not accept the account, or not in this partition.',
    field: 'options.account',
    remedy: 'Choose one of your accounts.',
  },
  {
    pattern: /invalid qos/iu,
    tag: 'invalid',
    message: 'Slurm does not accept the QOS.',
    field: 'options.qos',
    remedy: 'Choose one that your account may use.',
  },
  {
    pattern: /invalid feature/iu,
    tag: 'invalid',
    message: 'No node has the features that were asked for.',
    field: 'options.constraint',
    remedy: 'Choose features that nodes of the cluster have.',
  },
  {
    pattern:
      /^sbatch: .*\b(?:requested|problem using|invalid) .*reservation|^sbatch: .*access denied to requested reservation/imu,
    tag: 'invalid',
    message: 'Slurm does not accept the reservation.',
    field: 'options.reservation',
    remedy: 'Choose one that is there and that you may use.',
  },
  {
    pattern: /^sbatch: .*(?:invalid generic resource|invalid trailing|\bgres\b)/imu,
    tag: 'invalid',
    message: 'The cluster does not have the accelerators that were asked for under that name.',
    field: 'accelerator.name',
    remedy: 'Choose one of the accelerators that it offers.',
  },
  {
    pattern: /requested time limit is invalid|time limit specification/iu,
    tag: 'invalid',
    message: 'The time limit is longer than the partition allows.',
    field: 'limits.duration',
    remedy: 'Ask for less time, or choose another partition.',
  },
  {
    pattern: /violates accounting\/qos policy|job submit limit|max(?:imum)?submitjob|too many jobs/iu,
    tag: 'quota',
    message: 'The job would exceed a limit of your account or QOS.',
  },
  {
    pattern:
      /requested node configuration is not available|node count specification|more processors requested|memory required by task/iu,
    tag: 'invalid',
    message: 'No node of the partition has what the job asks for.',
    field: 'accelerator',
    remedy: 'Ask for fewer accelerators per node, another type, less memory, or choose another partition.',
  },
  {
    pattern: /does not look like a batch script/iu,
    tag: 'invalid',
    message: 'The file is no batch script: its first line does not begin with #!.',
    field: 'command',
    remedy: 'Begin it with #!/bin/bash.',
  },
  {
    pattern: /permission denied|read-only file system|not a directory|operation not permitted/iu,
    tag: 'invalid',
    message: 'The folder for runs on the cluster cannot be used.',
    field: 'root',
    remedy: 'Make it writable, or choose another one in the settings of the connection.',
  },
];

/** What Slurm prints before the words that matter. */
const prefix =
  /^(?:(?:sbatch|squeue|scancel|sinfo|scontrol|sacct|srun|slurmstepd): )?(?:error: |fatal: )?(?:Batch job submission failed: |allocation failure: )?/iu;

/** What a failed command means. `text` is what it printed to stderr. */
export function explainFailure(text: string, exitCode: number | null): ProviderError {
  const raw = text.trim();
  const known = failures.find(({ pattern }) => pattern.test(raw));
  if (known !== undefined) {
    const { tag, message, remedy, field } = known;
    return new ProviderError(tag, message, {
      raw,
      ...(remedy === undefined ? {} : { remedy }),
      ...(field === undefined ? {} : { field }),
    });
  }
  if (exitCode === null || exitCode > 128) {
    return new ProviderError('transient', 'A command on the cluster was interrupted.', { raw });
  }
  const line = raw.split('\n').at(-1)?.replace(prefix, '') ?? '';
  return new ProviderError(
    'invalid',
    line === '' ? `A command on the cluster failed with exit code ${exitCode}.` : `Slurm refused it: ${line}`,
    { raw },
  );
}
