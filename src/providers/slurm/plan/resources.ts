import type { JobSpec } from '../../../core/jobSpec.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { Knowledge } from '../knowledge.ts';
import { slurmWord, type SlurmSettings } from '../settings.ts';
import { optionArguments } from './options.ts';

/** Choices that could not be honoured exactly are added to it, in plain sentences. */
export type Warnings = string[];

const mebibyte = 1_048_576;

/** The sbatch arguments that say where the job runs and what it is given. Throws `unsupported` or `invalid`, naming the field. */
export function resourceArguments(
  spec: JobSpec,
  settings: SlurmSettings,
  knowledge: Knowledge,
  warnings: Warnings,
): string[] {
  const constraint =
    spec.accelerator === null ? null : (knowledge.accelerators[spec.accelerator.name]?.constraint ?? null);
  const options = withDefaults(spec, settings);
  return [
    ...partitionArguments(spec, settings, knowledge),
    `--nodes=${spec.nodes}`,
    '--ntasks-per-node=1',
    ...acceleratorArguments(spec, knowledge, warnings),
    ...amountArguments(spec, warnings),
    ...(spec.spot && options['requeue'] === undefined ? ['--requeue'] : []),
    ...optionArguments(
      constraint === null
        ? options
        : {
            ...options,
            constraint: options['constraint'] === undefined ? constraint : `${constraint}&(${options['constraint']})`,
          },
    ),
  ];
}

/** What the spec asks for beyond the defaults: for an existing script, which otherwise says so itself. */
export function chosenArguments(
  spec: JobSpec,
  settings: SlurmSettings,
  knowledge: Knowledge,
  warnings: Warnings,
): string[] {
  return [
    ...(spec.region === null && !spec.spot ? [] : partitionArguments(spec, settings, knowledge)),
    ...(spec.nodes === 1 ? [] : [`--nodes=${spec.nodes}`]),
    ...acceleratorArguments(spec, knowledge, warnings),
    ...amountArguments(spec, warnings),
    ...optionArguments(spec.options),
  ];
}

function withDefaults({ options, spot }: JobSpec, { account, qos, spotQos }: SlurmSettings): JobSpec['options'] {
  const usualQos = spot ? (spotQos ?? qos) : qos;
  return {
    ...(account === null ? {} : { account }),
    ...(usualQos === null ? {} : { qos: usualQos }),
    ...options,
  };
}

function partitionArguments(spec: JobSpec, settings: SlurmSettings, knowledge: Knowledge): string[] {
  const { region, spot } = spec;
  if (region !== null && !slurmWord.test(region)) {
    throw new ProviderError('invalid', `"${region}" cannot be the name of a partition.`, {
      field: 'region',
      remedy: 'Choose one of the partitions of the cluster.',
    });
  }
  if (!spot) {
    const partition = region ?? settings.partition;
    return partition === null ? [] : [`--partition=${partition}`];
  }
  const preemptible = new Set([
    ...knowledge.preemptible,
    ...(settings.spotPartition === null ? [] : [settings.spotPartition]),
  ]);
  const partition = region ?? settings.spotPartition ?? knowledge.preemptible[0];
  const isUnknown = preemptible.size === 0 && settings.spotQos === null;
  if (
    isUnknown ||
    (partition !== undefined && preemptible.size > 0 && !preemptible.has(partition) && settings.spotQos === null)
  ) {
    throw new ProviderError(
      'unsupported',
      region === null
        ? 'No partition of this cluster is known whose jobs may be preempted.'
        : `Jobs in the partition ${region} are not preempted.`,
      {
        field: 'spot',
        remedy:
          preemptible.size > 0
            ? `Choose ${[...preemptible].join(' or ')}, or switch spot off.`
            : 'Switch spot off, or name such a partition or QOS in the settings of the connection.',
      },
    );
  }
  return partition === undefined ? [] : [`--partition=${partition}`];
}

function acceleratorArguments({ accelerator }: JobSpec, { accelerators }: Knowledge, warnings: Warnings): string[] {
  if (accelerator === null) {
    return [];
  }
  const { name, count } = accelerator;
  const known = accelerators[name];
  if (known !== undefined) {
    return [`--gres=${known.gres}:${count}`];
  }
  if (name.startsWith('TPU')) {
    throw new ProviderError('unsupported', `No ${name} is known on this cluster.`, {
      field: 'accelerator.name',
      remedy: 'Choose one of the accelerators that it offers.',
    });
  }
  const guess = name
    .toLowerCase()
    .replace(/-[0-9]+gb$/u, '')
    .replaceAll(/[^a-z0-9]+/gu, '_');
  if (Object.keys(accelerators).length > 0) {
    warnings.push(`No ${name} was seen on this cluster; it offers ${Object.keys(accelerators).join(', ')}.`);
  }
  return [`--gres=gpu:${guess}:${count}`];
}

function amountArguments({ cpus, memoryBytes, diskBytes, limits }: JobSpec, warnings: Warnings): string[] {
  const minutes = limits.durationMs === null ? null : Math.ceil(limits.durationMs / 60_000);
  if (minutes !== null && limits.durationMs !== null && minutes * 60_000 !== limits.durationMs) {
    warnings.push(`Slurm counts time limits in whole minutes: this one is ${minutes} min.`);
  }
  if (cpus !== null && !Number.isInteger(cpus)) {
    warnings.push(`Slurm gives whole CPUs: ${Math.ceil(cpus)} instead of ${cpus}.`);
  }
  return [
    ...(cpus === null ? [] : [`--cpus-per-task=${Math.ceil(cpus)}`]),
    ...(memoryBytes === null ? [] : [`--mem=${Math.ceil(memoryBytes / mebibyte)}M`]),
    ...(diskBytes === null ? [] : [`--tmp=${Math.ceil(diskBytes / mebibyte)}M`]),
    ...(minutes === null ? [] : [`--time=${minutes}`]),
  ];
}
