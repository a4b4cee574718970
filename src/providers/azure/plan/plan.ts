import type { JobSpec } from '../../../core/jobSpec.ts';
import type { JsonObject, Plan, PlanInput } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { writeDuration } from '../../../core/quantity.ts';
import { refuseImpossible, textsOf } from '../../../core/specChecks.ts';
import { waitLimit } from '../../../core/waitLimit.ts';
import { abilities } from '../abilities.ts';
import type { WorkspaceFacts } from '../facts.ts';
import { jobName, stored } from '../names.ts';
import { workspaceId } from '../paths.ts';
import type { AzureSettings } from '../settings.ts';
import { commandText } from './commandText.ts';
import { isoDuration } from './duration.ts';
import { environmentOf } from './environment.ts';
import { type DataBinding, type PlanOptions, readOptions } from './options.ts';
import { secretsProperty, specProperties } from './properties.ts';
import type { JobRequest } from './request.ts';
import { requestText } from './requestText.ts';
import { binding, jobScript } from './script.ts';
import { machinesOf } from './size.ts';

/** What every workspace calls it. */
const usualDatastore = 'workspaceblobstore';

/** Azure ML takes no longer command; what it allows is not published. */
const mostTextBytes = 64 * 1024;

/** Spec to the body of `PUT …/jobs/<name>`. Throws `unsupported` or `invalid`, naming the field. */
export function planJob(
  { spec, key, snapshotId }: PlanInput,
  settings: AzureSettings,
  facts: WorkspaceFacts | null,
): Plan {
  check(spec, facts);
  const options = readOptions(spec.options);
  const machines = machinesOf(spec, options, settings.compute, facts);
  refuseIdentity(options, machines.cluster);
  const name = jobName(key);
  const workspace = workspaceId(settings);
  const datastore = facts?.datastore ?? usualDatastore;
  const environment = environmentOf(workspace, spec, options, machines.device);
  const distribution = options.distribution ?? (spec.nodes > 1 || options.processesPerNode > 1 ? 'PyTorch' : null);
  const script = (secrets: string | null): string =>
    jobScript({
      snapshotId,
      folder: spec.workingDirectory,
      setup: spec.setup,
      command: spec.command,
      nodes: spec.nodes,
      outputs: spec.outputs,
      secrets,
      inputs: options.inputs.map((each) => each.name),
      dataOutputs: options.outputs.map((each) => each.name),
    });
  const properties: JsonObject = {
    jobType: 'Command',
    displayName: spec.name,
    experimentName: options.experiment,
    tags: { aloft: key.runId },
    properties: {
      'aloft.attempt': String(key.attempt),
      'aloft.snapshot': snapshotId,
      ...(spec.secrets.length === 0 ? {} : { [secretsProperty]: String(spec.secrets.length) }),
      ...specProperties(spec),
    },
    command: script(spec.secrets.length === 0 ? null : name),
    environmentId: environment.id,
    environmentVariables: {
      PYTHONUNBUFFERED: '1',
      ...spec.env,
      ALOFT_RUN_ID: key.runId,
      ALOFT_ATTEMPT: String(key.attempt),
    },
    ...(machines.cluster === null ? {} : { computeId: `${workspace}/computes/${machines.cluster}` }),
    resources: {
      instanceCount: spec.nodes,
      ...(machines.instanceType === null ? {} : { instanceType: machines.instanceType }),
      ...shared(spec, options),
    },
    // Clusters know no tiers: their nodes are what they are.
    ...(machines.cluster === null ? { queueSettings: { jobTier: spec.spot ? 'Spot' : 'Standard' } } : {}),
    ...(spec.limits.durationMs === null
      ? {}
      : { limits: { jobLimitsType: 'Command', timeout: isoDuration(spec.limits.durationMs) } }),
    ...(distribution === null
      ? {}
      : { distribution: { distributionType: distribution, processCountPerInstance: options.processesPerNode } }),
    ...(options.identity === null ? {} : { identity: { identityType: options.identity } }),
    inputs: {
      ...Object.fromEntries(options.inputs.map((each) => [each.name, inputOf(each)])),
      [binding.code]: inputOf({ ...folder, uri: datastoreUri(datastore, `${stored.root}/`), mode: 'ReadOnlyMount' }),
    },
    outputs: {
      ...Object.fromEntries(options.outputs.map((each) => [each.name, outputOf(each)])),
      ...(spec.outputs.length === 0
        ? {}
        : {
            [binding.results]: outputOf({
              ...folder,
              uri: datastoreUri(datastore, stored.results(name)),
              mode: 'ReadWriteMount',
            }),
          }),
    },
  };
  const request: JobRequest & JsonObject = {
    name,
    workspace,
    nodes: spec.nodes,
    secrets: [...spec.secrets],
    environment: environment.image === null ? null : { id: environment.id, image: environment.image },
    asUser: options.identity === 'UserIdentity',
    datastore,
    body: { properties: { ...properties, jobType: 'Command' } },
  };
  return {
    request,
    text: requestText(request, settings),
    language: 'json',
    command: commandText(request, script(null), settings),
    warnings: [...machines.warnings, ...environment.warnings, ...warningsOf(spec, machines.cluster)],
  };
}

const folder = { name: '', type: 'uri_folder' } as const;

function check(spec: JobSpec, facts: WorkspaceFacts | null): void {
  if (spec.region !== null && spec.region !== facts?.location) {
    throw new ProviderError(
      'unsupported',
      facts === null
        ? 'A workspace of Azure ML is in one region, which cannot be chosen.'
        : `This workspace is in ${facts.location}.`,
      { field: 'region', remedy: 'Leave the region empty, or add a workspace in that region.' },
    );
  }
  refuseImpossible(spec);
  for (const [field, text] of textsOf(spec)) {
    if (Buffer.byteLength(text) > mostTextBytes) {
      throw new ProviderError('invalid', 'This is longer than Azure ML takes.', {
        field,
        remedy: 'Put it into a script file and run that.',
      });
    }
  }
}

function warningsOf(spec: JobSpec, cluster: string | null): readonly string[] {
  return [
    ...waitWarnings(spec),
    ...(spec.spot && cluster === null
      ? ['Azure may take a spot machine away while the job runs; it then starts again from the beginning.']
      : []),
    ...(spec.diskBytes === null ? [] : ['Azure ML takes no wish for disk space: the machine has what its size has.']),
  ];
}

/** Serverless compute has no identity that jobs could be given: "Model training on serverless compute" of Microsoft's documentation. */
function refuseIdentity({ identity }: PlanOptions, cluster: string | null): void {
  if (identity === 'Managed' && cluster === null) {
    throw new ProviderError('unsupported', 'Serverless compute has no managed identity.', {
      field: 'options.identity',
      remedy: 'Choose user, which is you, or a cluster that has one as compute.',
    });
  }
}

/** Azure ML lets a job wait for a machine without end. */
function waitWarnings(spec: JobSpec): readonly string[] {
  const limit = waitLimit(spec, abilities);
  return limit === null
    ? ['It may wait for a machine without end: Azure ML never gives a job up.']
    : [
        `If it gets no machine within ${writeDuration(limit)}, Aloft cancels it, while VS Code is open.`,
        ...(spec.limits.waitMs === null ? ['That is the usual wait limit; set another, or never for none.'] : []),
      ];
}

/** PyTorch's loaders need more than the 2 GB that Azure ML gives. Docker's own unit: whole MB. */
function shared(spec: JobSpec, { sharedMemoryBytes }: PlanOptions): JsonObject {
  if (sharedMemoryBytes !== null) {
    return { shmSize: `${Math.max(1, Math.floor(sharedMemoryBytes / 1024 ** 2))}m` };
  }
  return spec.accelerator === null ? {} : { shmSize: `${Math.min(8 * spec.accelerator.count, 64)}g` };
}

function datastoreUri(datastore: string, path: string): string {
  return `azureml://datastores/${datastore}/paths/${path}`;
}

function inputOf({ uri, type, mode }: DataBinding): JsonObject {
  return { jobInputType: type, uri, mode };
}

function outputOf({ uri, type, mode }: DataBinding): JsonObject {
  return { jobOutputType: type, uri, mode };
}
