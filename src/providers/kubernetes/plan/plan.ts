import * as z from 'zod/mini';
import { type JobSpec, specToInput } from '../../../core/jobSpec.ts';
import type { JsonObject, Plan, PlanInput } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { refuseImpossible, restartNote, textsOf } from '../../../core/specChecks.ts';
import type { Flavour } from '../flavour.ts';
import { queueLabel } from '../model/kueue.ts';
import { annotation, envSecretName, hashOf, jobName, labelsByHand, labelsOf, nameByHand } from '../names.ts';
import type { ClusterFacts } from '../offers/clusterFacts.ts';
import type { ClusterSettings } from '../settings.ts';
import { asYaml, commandText } from './commandText.ts';
import { type PlanOptions, readOptions } from './options.ts';
import { placementOf } from './placement.ts';
import { type PodInput, podSpec } from './podSpec.ts';

/** Used when a job names none: Python with the tools to build packages. What needs CUDA brings it along as packages. */
export const defaultImage = 'python:3.12';

/** How long Kubernetes keeps an ended job with its pods and logs, in s. */
const keepEndedFor = 7 * 86_400;
/** Annotations of one object may take 256 KiB in all. */
const mostSpecBytes = 128 * 1024;
/** Linux takes no longer argument than 128 KiB. */
const mostCommandBytes = 120 * 1024;

const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.enum(['Job', 'JobSet']),
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()) }),
});

/** The native request of this provider: everything that is created but the code and the values of secrets. */
export const requestSchema = z.object({
  namespace: z.string(),
  snapshotId: z.string(),
  secrets: z.array(z.string()),
  /** SHA-256 (hex) of the manifests. */
  hash: z.string(),
  job: manifestSchema,
  service: z.nullable(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })),
});

export type JobRequest = z.infer<typeof requestSchema>;

/** Spec to manifests. Throws `unsupported` or `invalid`, naming the field. */
export function planJob(
  input: PlanInput,
  settings: ClusterSettings,
  flavour: Flavour,
  facts: ClusterFacts | null,
): Plan {
  const { spec, key, snapshotId } = input;
  const { namespace } = settings;
  refuseRegion(spec.region);
  refuseImpossible(spec);
  refuseLong(spec);
  const options = readOptions(spec.options, flavour.options);
  const placement = placementOf(spec, options, facts, flavour);
  const common = { spec, snapshotId, namespace, options, placement, flavour, facts };
  const name = jobName(key);
  const {
    job: bare,
    meta,
    service,
  } = manifests({
    ...common,
    name,
    labels: labelsOf(key),
    setAnnotations: { ...specAnnotations(spec, snapshotId), ...queueAnnotation(options) },
    own: {
      variables: { ALOFT_RUN_ID: key.runId, ALOFT_ATTEMPT: String(key.attempt) },
      secrets: spec.secrets,
      secretsFrom: envSecretName(name),
    },
  });
  const hash = hashOf([bare, service, spec.secrets, snapshotId]);
  const annotations = { [annotation.hash]: hash, ...specAnnotations(spec, snapshotId) };
  const job = { ...bare, metadata: { ...meta, annotations } };
  const request: JsonObject = { namespace, snapshotId, secrets: [...spec.secrets], hash, job, service };
  const handMade = nameByHand(hash);
  const byHand = manifests({
    ...common,
    // Nobody would fetch its results: who keeps them would only keep the accelerators.
    spec: { ...spec, outputs: [] },
    name: handMade,
    labels: labelsByHand(handMade),
    setAnnotations: {},
    own: { variables: {}, secrets: [], secretsFrom: '' },
  });
  return {
    request,
    text: asYaml([job, ...(service === null ? [] : [service])]),
    command: commandText(
      { ...byHand, snapshotId, kind: options.controller, name: handMade, hasOutputs: spec.outputs.length > 0 },
      settings,
    ),
    language: 'yaml',
    warnings: [
      ...placement.warnings,
      ...(spec.image === null ? [`No image was chosen: ${defaultImage} is used.`] : []),
      ...(spec.nodes > 1 && options.queue === null
        ? [
            'Kubernetes places the nodes one by one, so that two such jobs can block each other. A Kueue queue prevents that.',
          ]
        : []),
      ...(spec.limits.durationMs !== null && (options.controller === 'JobSet' || (spec.spot && spec.nodes === 1))
        ? [restartNote]
        : []),
      ...(spec.outputs.length > 0
        ? [
            `After its end the pod keeps its accelerators until the results were fetched, which happens by itself while this editor is open, at most for ${Math.round(options.keepResultsSeconds / 60)} minutes.`,
          ]
        : []),
    ],
  };
}

interface ManifestInput extends Pick<PodInput, 'spec' | 'snapshotId' | 'labels' | 'own' | 'options' | 'placement'> {
  readonly namespace: string;
  readonly name: string;
  /** Of the Job in a JobSet. */
  readonly setAnnotations: Readonly<Record<string, string>>;
  readonly flavour: Flavour;
  readonly facts: ClusterFacts | null;
}

interface Manifests {
  readonly job: JsonObject;
  readonly meta: JsonObject;
  readonly service: JsonObject | null;
}

function manifests(input: ManifestInput): Manifests {
  const { spec, namespace, name, labels, options, flavour, facts } = input;
  const isSet = options.controller === 'JobSet';
  const pod = podSpec({
    ...input,
    image: spec.image ?? defaultImage,
    rendezvous:
      spec.nodes === 1 ? null : { host: isSet ? `${name}-main-0-0.${name}` : `${name}-0.${name}`, service: name },
    rdma: usesRdma(spec, options, flavour, facts) ? flavour.rdma : null,
  });
  const jobSpec = jobSpecOf(spec, pod, spec.spot ? { ...labels, ...flavour.spotPodLabels } : labels);
  const meta: JsonObject = {
    name,
    namespace,
    labels: { ...labels, ...(options.queue === null ? {} : { [queueLabel]: options.queue }) },
  };
  const job: JsonObject = isSet
    ? jobSet(meta, jobSpec, labels, input.setAnnotations, options)
    : {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: meta,
        spec: { ...jobSpec, ...(options.queue === null ? {} : { suspend: true }) },
      };
  return { job, meta, service: spec.nodes > 1 && !isSet ? headlessService(name, labels) : null };
}

function refuseRegion(region: string | null): void {
  if (region !== null) {
    throw new ProviderError('unsupported', 'A cluster has no regions to choose from.', {
      field: 'region',
      remedy: 'Leave it empty, or choose nodes by their labels in the node selector.',
    });
  }
}

function refuseLong(spec: JobSpec): void {
  for (const [field, text] of textsOf(spec)) {
    if (Buffer.byteLength(text) > mostCommandBytes) {
      throw new ProviderError('invalid', 'This is longer than Linux passes to a program.', {
        field,
        remedy: 'Put it into a script file and run that.',
      });
    }
  }
}

function jobSpecOf(spec: JobSpec, pod: JsonObject, labels: Readonly<Record<string, string>>): JsonObject {
  // What is on one node alone starts again by itself when its spot node goes; the nodes of a larger job cannot go on without it.
  const disrupted = spec.spot && spec.nodes === 1 ? 'Ignore' : 'FailJob';
  return {
    backoffLimit: 0,
    completionMode: 'Indexed',
    completions: spec.nodes,
    parallelism: spec.nodes,
    ttlSecondsAfterFinished: keepEndedFor,
    podFailurePolicy: {
      rules: [{ action: disrupted, onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
    },
    template: { metadata: { labels: { ...labels } }, spec: pod },
  };
}

/** See https://jobset.sigs.k8s.io/docs/overview/. Its nodes start again together, up to three times. */
function jobSet(
  metadata: JsonObject,
  jobSpec: JsonObject,
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
  options: PlanOptions,
): JsonObject {
  const { ttlSecondsAfterFinished, podFailurePolicy: _, ...template } = jobSpec;
  return {
    apiVersion: 'jobset.x-k8s.io/v1alpha2',
    kind: 'JobSet',
    metadata,
    spec: {
      ...(options.queue === null ? {} : { suspend: true }),
      ...(ttlSecondsAfterFinished === undefined ? {} : { ttlSecondsAfterFinished }),
      failurePolicy: { maxRestarts: 3 },
      replicatedJobs: [
        {
          name: 'main',
          replicas: 1,
          template: { metadata: { labels: { ...labels }, annotations: { ...annotations } }, spec: template },
        },
      ],
    },
  };
}

/** Gives each pod the name `<job>-<rank>.<job>`, before it is ready too: ranks look for each other while they start. */
function headlessService(name: string, labels: Readonly<Record<string, string>>): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels: { ...labels } },
    spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: { ...labels } },
  };
}

function specAnnotations(spec: JobSpec, snapshotId: string): Record<string, string> {
  const text = JSON.stringify(specToInput(spec));
  return {
    [annotation.snapshot]: snapshotId,
    ...(Buffer.byteLength(text) > mostSpecBytes
      ? { [annotation.results]: JSON.stringify({ workingDirectory: spec.workingDirectory, outputs: spec.outputs }) }
      : { [annotation.spec]: text }),
  };
}

function queueAnnotation({ queue }: PlanOptions): Record<string, string> {
  return queue === null ? {} : { [annotation.queue]: queue };
}

/** Whole machines that work together are what such a network is for, if they have it. */
function usesRdma(spec: JobSpec, options: PlanOptions, { rdma }: Flavour, facts: ClusterFacts | null): boolean {
  const { accelerator, nodes } = spec;
  if (options.rdma !== null || accelerator === null) {
    return options.rdma ?? false;
  }
  const known = facts?.accelerators.find(({ name }) => name === accelerator.name);
  const hasNetwork = rdma !== null && (known === undefined || known.rdma.includes(rdma.resource));
  return hasNetwork && nodes > 1 && accelerator.count >= (known?.perNode ?? 8);
}
