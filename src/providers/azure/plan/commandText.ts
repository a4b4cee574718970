import { stringify } from 'yaml';
import * as z from 'zod/mini';
import type { JsonObject } from '../../../core/provider.ts';
import { shellQuote } from '../../../core/shellQuote.ts';
import { apiVersion } from '../client/api.ts';
import { cloudOf } from '../cloud.ts';
import type { AzureSettings } from '../settings.ts';
import { durationOf } from './duration.ts';
import { environmentBody, type JobRequest } from './request.ts';

const bindings = z.record(z.string(), z.looseObject({ uri: z.string(), mode: z.string() }));

const bodySchema = z.looseObject({
  displayName: z.string(),
  experimentName: z.string(),
  tags: z.json(),
  properties: z.json(),
  command: z.string(),
  environmentId: z.string(),
  environmentVariables: z.json(),
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
 * A command that makes the same job (`az ml job create`, whose file format is that of the commandJob schema), and below it, as
 * comments, every request as it is sent.
 */
export function previewText(request: JobRequest, settings: AzureSettings): string {
  const { name, workspace, environment, body, secrets } = request;
  const { resourceManager } = cloudOf(settings);
  const version = settings.apiVersion ?? apiVersion;
  const put = (path: string, sent: unknown): readonly string[] => [
    `PUT ${resourceManager}${path}?api-version=${version}`,
    ...JSON.stringify(sent, null, 2).split('\n'),
  ];
  const { subscription, resourceGroup, workspace: workspaceName } = settings;
  const place = `--subscription ${subscription} --resource-group ${shellQuote(resourceGroup)} --workspace-name ${workspaceName}`;
  const yaml = stringify(commandJob(request), { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
  const sent = [
    ...(secrets.length === 0
      ? []
      : [`The values of ${secrets.join(', ')} go into the datastore ${request.datastore}, not into the job.`, '']),
    ...(environment === null ? [] : [...put(environment.id, environmentBody(environment.image)), '']),
    ...put(`${workspace}/jobs/${name}`, body),
  ];
  return [
    `az ml job create ${place} --file /dev/stdin <<'ALOFT_JOB'`,
    yaml,
    'ALOFT_JOB',
    '',
    '# What Aloft sends:',
    ...sent.map((line) => `# ${line}`.trimEnd()),
    '',
  ].join('\n');
}

function commandJob({ name, environment, body }: JobRequest): JsonObject {
  const job = z.parse(bodySchema, body.properties);
  const { resources, distribution, identity } = job;
  return {
    $schema: 'https://azuremlschemas.azureedge.net/latest/commandJob.schema.json',
    type: 'command',
    name,
    display_name: job.displayName,
    experiment_name: job.experimentName,
    tags: job.tags,
    properties: job.properties,
    command: job.command,
    environment: environment === null ? azureml(job.environmentId) : { image: environment.image },
    environment_variables: job.environmentVariables,
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
              { type: String(jobOutputType), path: uri, mode: modes[mode] ?? mode },
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
