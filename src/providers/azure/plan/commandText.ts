import { stringify } from 'yaml';
import * as z from 'zod/mini';
import type { JsonObject } from '../../../core/provider.ts';
import { shellQuote } from '../../../core/shellQuote.ts';
import type { AzureSettings } from '../settings.ts';
import { durationOf } from './duration.ts';
import type { JobRequest } from './request.ts';
import { binding } from './script.ts';

const bindings = z.record(z.string(), z.looseObject({ uri: z.string(), mode: z.string() }));

const bodySchema = z.looseObject({
  displayName: z.string(),
  experimentName: z.string(),
  environmentId: z.string(),
  environmentVariables: z.record(z.string(), z.string()),
  computeId: z.optional(z.string()),
  resources: z.looseObject({
    instanceCount: z.number(),
    instanceType: z.optional(z.string()),
    shmSize: z.optional(z.string()),
  }),
  queueSettings: z.optional(z.object({ jobTier: z.string() })),
  limits: z.optional(z.looseObject({ timeout: z.string() })),
  distribution: z.optional(z.object({ distributionType: z.string(), processCountPerInstance: z.number() })),
  identity: z.optional(z.object({ identityType: z.string() })),
  inputs: bindings,
  outputs: bindings,
});

/**
 * A command that makes the same job by hand: `az ml job create`, whose file format is that of the commandJob schema. `script` is the
 * job's command line without its secrets. Its name is left to `az`, as is where results go, and nothing else says that it is Aloft's.
 */
export function commandText(request: JobRequest, script: string, settings: AzureSettings): string {
  const { subscription, resourceGroup, workspace } = settings;
  const place = `--subscription ${subscription} --resource-group ${shellQuote(resourceGroup)} --workspace-name ${workspace}`;
  const yaml = stringify(commandJob(request, script), { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
  return [`az ml job create ${place} --file /dev/stdin <<'ALOFT_JOB'`, yaml, 'ALOFT_JOB', ''].join('\n');
}

function commandJob({ environment, body }: JobRequest, script: string): JsonObject {
  const job = z.parse(bodySchema, body.properties);
  const { resources, distribution, identity } = job;
  return {
    $schema: 'https://azuremlschemas.azureedge.net/latest/commandJob.schema.json',
    type: 'command',
    display_name: job.displayName,
    experiment_name: job.experimentName,
    command: script,
    environment: environment === null ? azureml(job.environmentId) : { image: environment.image },
    environment_variables: withoutOwn(job.environmentVariables),
    ...(job.computeId === undefined ? {} : { compute: `azureml:${job.computeId.split('/').at(-1)}` }),
    resources: {
      instance_count: resources.instanceCount,
      ...(resources.instanceType === undefined ? {} : { instance_type: resources.instanceType }),
      ...(resources.shmSize === undefined ? {} : { shm_size: resources.shmSize }),
    },
    ...(job.queueSettings === undefined ? {} : { queue_settings: { job_tier: job.queueSettings.jobTier } }),
    ...(job.limits === undefined ? {} : { limits: { timeout: (durationOf(job.limits.timeout) ?? 0) / 1000 } }),
    ...(distribution === undefined
      ? {}
      : {
          distribution: {
            type: distribution.distributionType.toLowerCase(),
            process_count_per_instance: distribution.processCountPerInstance,
          },
        }),
    ...(identity === undefined ? {} : { identity: { type: identities[identity.identityType] ?? 'aml_token' } }),
    inputs: Object.fromEntries(
      Object.entries(job.inputs).map(([key, { uri, mode, jobInputType }]) => [
        key,
        { type: String(jobInputType), path: uri, mode: modes[mode] ?? mode },
      ]),
    ),
    ...(Object.keys(job.outputs).length === 0
      ? {}
      : {
          outputs: Object.fromEntries(
            Object.entries(job.outputs).map(([key, { uri, mode, jobOutputType }]) => [
              key,
              {
                type: String(jobOutputType),
                ...(key === binding.results ? {} : { path: uri }),
                mode: modes[mode] ?? mode,
              },
            ]),
          ),
        }),
  };
}

/** As the commandJob schema writes them. */
const modes: Readonly<Record<string, string>> = {
  ReadOnlyMount: 'ro_mount',
  ReadWriteMount: 'rw_mount',
  Download: 'download',
  Upload: 'upload',
  Direct: 'direct',
};
const identities: Readonly<Record<string, string>> = {
  UserIdentity: 'user_identity',
  Managed: 'managed',
  AMLToken: 'aml_token',
};

function azureml(id: string): string {
  return id.startsWith('azureml://') ? id : `azureml:${id}`;
}

/** Names that begin so are Aloft's alone. */
function withoutOwn(variables: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !name.startsWith('ALOFT_')));
}
