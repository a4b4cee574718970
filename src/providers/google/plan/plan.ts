import * as z from 'zod/mini';
import { formatAccelerator } from '../../../core/accelerator.ts';
import { type JobSpec, specToInput } from '../../../core/jobSpec.ts';
import type { Plan, PlanInput } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { refuseImpossible } from '../../../core/specChecks.ts';
import { escapeReferences } from '../../../core/variableReferences.ts';
import { label, labelsOf } from '../labels.ts';
import { chooseMachine } from '../machines/choose.ts';
import type { Machine } from '../machines/machine.ts';
import { type JobPlaces, objectOf, placesByHand, placesOf } from '../paths.ts';
import { defaultRegion, type GoogleSettings, isRegion } from '../settings.ts';
import { defaultImage, defaultImageNote } from './images.ts';
import { commandText, requestText } from './commandText.ts';
import { type PlanOptions, readOptions } from './options.ts';
import type { CustomJobRequest, JobRequest } from './request.ts';
import { schedulingOf } from './scheduling.ts';
import { jobScript } from './script.ts';

/** `ContainerSpec.env` takes 100, and Vertex AI adds some of its own. */
const mostVariables = 90;

/** Spec to `CreateCustomJobRequest`. Throws `unsupported` or `invalid`, naming the field. */
export function planJob(input: PlanInput, settings: GoogleSettings): Plan {
  const { spec, key, snapshotId } = input;
  refuseImpossible(spec);
  refuseTooMuch(spec);
  const options = readOptions(spec.options, settings);
  const machine = chooseMachine(spec, options.machineType);
  const region = spec.region ?? defaultRegion(settings);
  if (!isRegion(region)) {
    throw new ProviderError('invalid', `"${region}" is no region of Google Cloud.`, {
      field: 'region',
      remedy: `Name one such as ${defaultRegion(settings)}, or leave it out.`,
    });
  }
  const image = spec.image ?? defaultImage(machine);
  const scheduling = schedulingOf(spec, machine, options);
  const { bucket, project } = settings;
  const jobSpec = (places: JobPlaces, own: Own): CustomJobRequest['jobSpec'] => ({
    workerPoolSpecs: workerPools(spec, machine, options, {
      imageUri: image,
      command: ['/bin/sh', '-c'],
      args: [jobScript({ spec, snapshotId, bucket, places, secrets: own.secrets })],
      env: environment(spec, own.variables),
    }),
    scheduling,
    ...(options.serviceAccount === null ? {} : { serviceAccount: options.serviceAccount }),
    ...(options.network === null ? {} : { network: options.network }),
    baseOutputDirectory: { outputUriPrefix: options.outputDirectory ?? `gs://${bucket}/${places.output}` },
  });
  const customJob: CustomJobRequest = {
    displayName: spec.name,
    labels: {
      ...labelsOf(key),
      [label.strategy]: scheduling.strategy.toLowerCase(),
      ...(spec.secrets.length === 0 ? {} : { [label.secrets]: 'yes' }),
    },
    jobSpec: jobSpec(placesOf(key), {
      secrets: spec.secrets.length === 0 ? null : objectOf.secrets(key),
      variables: { ALOFT_RUN_ID: key.runId, ALOFT_ATTEMPT: String(key.attempt) },
    }),
  };
  const request = z.parse(z.json(), {
    region,
    bucket,
    snapshotId,
    secrets: [...spec.secrets],
    spec: specToInput(spec),
    customJob,
  } satisfies JobRequest);
  return {
    request,
    text: requestText(project, region, customJob),
    language: 'yaml',
    command: commandText({
      project,
      region,
      code: `gs://${bucket}/${objectOf.code(snapshotId)}`,
      displayName: spec.name,
      jobSpec: jobSpec(placesByHand(request), { secrets: null, variables: {} }),
    }),
    warnings: warningsOf(spec, machine, region, image, options, settings),
  };
}

/** What a submission's job alone is given, and none that is made by hand of the same request. */
interface Own {
  /** The object with the secrets. */
  readonly secrets: string | null;
  readonly variables: Readonly<Record<string, string>>;
}

type Pool = CustomJobRequest['jobSpec']['workerPoolSpecs'][number];

/** Vertex AI wants one replica in the first pool; all others are in the second. */
function workerPools(
  spec: JobSpec,
  machine: Machine,
  { reservation }: PlanOptions,
  containerSpec: Pool['containerSpec'],
): Pool[] {
  const pool = (replicaCount: number): Pool => ({
    machineSpec: {
      machineType: machine.machineType,
      ...(machine.acceleratorType === null
        ? {}
        : { acceleratorType: machine.acceleratorType, acceleratorCount: machine.acceleratorCount ?? machine.count }),
      ...(machine.topology === undefined ? {} : { tpuTopology: machine.topology }),
      ...(reservation === null
        ? {}
        : {
            reservationAffinity: {
              reservationAffinityType: 'SPECIFIC_RESERVATION',
              key: 'compute.googleapis.com/reservation-name',
              values: [reservation],
            },
          }),
    },
    replicaCount,
    ...(spec.diskBytes === null
      ? {}
      : { diskSpec: { bootDiskSizeGb: Math.min(64_000, Math.max(100, Math.ceil(spec.diskBytes / 1024 ** 3))) } }),
    containerSpec,
  });
  return spec.nodes === 1 ? [pool(1)] : [pool(1), pool(spec.nodes - 1)];
}

function environment(spec: JobSpec, own: Own['variables']): { name: string; value: string }[] {
  const values = { PYTHONUNBUFFERED: '1', ...spec.env, ...own };
  return Object.entries(values).map(([name, value]) => ({ name, value: escapeReferences(value) }));
}

function refuseTooMuch({ env, nodes }: JobSpec): void {
  if (Object.keys(env).length > mostVariables) {
    throw new ProviderError('unsupported', `Vertex AI takes at most ${mostVariables} environment variables.`, {
      field: 'env',
      remedy: 'Put them into a file that the command reads.',
    });
  }
  if (nodes > 1000) {
    throw new ProviderError('unsupported', 'Aloft asks Vertex AI for at most 1,000 nodes.', { field: 'nodes' });
  }
}

function warningsOf(
  spec: JobSpec,
  machine: Machine,
  region: string,
  image: string,
  { flexStart, reservation, restart }: PlanOptions,
  { regions, bucket }: GoogleSettings,
): readonly string[] {
  const { accelerator } = spec;
  const named = accelerator === null ? machine.machineType : formatAccelerator(accelerator);
  return [
    ...(spec.image === null ? [defaultImageNote(image)] : []),
    ...(regions.includes(region) ? [] : [`${region} is none of the regions of this connection.`]),
    ...(machine.needsReservation === true && reservation === null
      ? [`${named} is usually given to reservations only.`]
      : []),
    ...(machine.needsCheapStart === true && !spec.spot && !flexStart
      ? [`Google gives ${named} as spot or Flex-start only: a standard job may find none.`]
      : []),
    ...(flexStart && !machine.flexStart ? ['Google Cloud may refuse Flex-start for a job without accelerators.'] : []),
    ...(spec.spot && restart === 'disableRetries'
      ? ['With disableRetries the job fails as soon as Google Cloud takes its spot machines back.']
      : []),
    ...((machine.hosts ?? 1) > 1 ? [`The slice has ${machine.hosts} machines; each of them runs the command.`] : []),
    ...(spec.secrets.length > 0
      ? [
          'The values of the secrets are no part of the request: they lie in the bucket, where only those who may read it can read them, from the submission to the end of the job.',
          `Where the bucket has soft delete, as it has for 7 days unless that was turned off, or versioning, deleted secrets can be restored. \`gcloud storage buckets update gs://${bucket} --clear-soft-delete --no-versioning\` turns both off.`,
        ]
      : []),
  ];
}
