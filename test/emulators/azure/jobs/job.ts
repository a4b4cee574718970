import { fieldsOf, textOf } from '../route.ts';
import { type Workspace, type World, artifactPrefix, now } from '../world.ts';
import { JobLogs } from './jobLogs.ts';

export type JobStatus =
  | 'NotStarted'
  | 'Starting'
  | 'Provisioning'
  | 'Preparing'
  | 'Queued'
  | 'Running'
  | 'Finalizing'
  | 'CancelRequested'
  | 'Completed'
  | 'Failed'
  | 'Canceled'
  | 'NotResponding'
  | 'Paused';

const terminal: ReadonlySet<JobStatus> = new Set(['Completed', 'Failed', 'Canceled']);

/** A job that was accepted, and all that is known about it. */
export class Job {
  readonly world: World;
  readonly workspace: Workspace;
  readonly name: string;
  /** `properties` of the request that made it, with what may be changed later. */
  readonly properties: Record<string, unknown>;
  readonly createdAt: number;
  readonly logs: JobLogs;
  status: JobStatus = 'NotStarted';
  startedAt: number | null = null;
  endedAt: number | null = null;
  /** As the run history keeps it; null where nothing went wrong. */
  error: object | null = null;
  readonly warnings: { readonly source: string; readonly message: string }[] = [];
  /** Every state it was in, the oldest first. */
  readonly history: JobStatus[] = ['NotStarted'];

  constructor(world: World, workspace: Workspace, name: string, properties: Readonly<Record<string, unknown>>) {
    this.world = world;
    this.workspace = workspace;
    this.name = name;
    this.properties = { ...properties };
    this.createdAt = now(world);
    this.logs = new JobLogs(world.storage, name, world.timing.logFlush);
  }

  get hasEnded(): boolean {
    return terminal.has(this.status);
  }

  become(status: JobStatus): void {
    if (this.hasEnded || this.status === status) {
      return;
    }
    this.status = status;
    this.history.push(status);
    if (status === 'Running') {
      this.startedAt ??= now(this.world);
    }
    if (this.hasEnded) {
      this.endedAt = now(this.world);
    }
  }

  get instanceCount(): number {
    const count = fieldsOf(this.properties['resources'])['instanceCount'];
    return typeof count === 'number' ? count : 1;
  }

  /** Processes on each machine that `distribution` asks for; null where it asks for none. */
  get processesEach(): number | null {
    const { distributionType, processCountPerInstance } = fieldsOf(this.properties['distribution']);
    return distributionType === undefined
      ? null
      : typeof processCountPerInstance === 'number'
        ? processCountPerInstance
        : 1;
  }

  /** As Resource Manager answers. */
  resource(): object {
    const { tenant, person } = this.world;
    const { armId } = this.workspace;
    const given = this.properties;
    const outputs = Object.fromEntries(
      Object.entries(fieldsOf(given['outputs'])).map(([name, output]) => [
        name,
        {
          description: null,
          mode: 'ReadWriteMount',
          jobOutputType: 'uri_folder',
          uri: `azureml://datastores/workspaceblobstore/paths/azureml/${this.name}/${name}/`,
          ...fieldsOf(output),
        },
      ]),
    );
    return {
      id: `${armId}/jobs/${this.name}`,
      name: this.name,
      type: 'Microsoft.MachineLearningServices/workspaces/jobs',
      properties: {
        description: null,
        tags: {},
        identity: null,
        computeId: null,
        distribution: null,
        queueSettings: null,
        limits: null,
        environmentVariables: {},
        inputs: {},
        experimentName: 'Default',
        isArchived: false,
        componentId: null,
        notificationSetting: null,
        parameters: {},
        ...given,
        displayName: textOf(given['displayName']) || this.name,
        properties: {
          '_azureml.ComputeTargetType': 'amlctrain',
          ProcessInfoFile: 'azureml-logs/process_info.json',
          ProcessStatusFile: 'azureml-logs/process_status.json',
          ...fieldsOf(given['properties']),
        },
        status: this.status,
        services: {
          Tracking: {
            jobServiceType: 'Tracking',
            endpoint: `azureml://${this.workspace.location}.api.azureml.ms/mlflow/v1.0${armId}?`,
          },
          Studio: {
            jobServiceType: 'Studio',
            endpoint: `https://ml.azure.com/runs/${this.name}?wsid=${armId}&tid=${tenant.id}`,
          },
        },
        outputs: {
          ...outputs,
          default: {
            description: null,
            jobOutputType: 'uri_folder',
            mode: 'ReadWriteMount',
            uri: `azureml://datastores/workspaceartifactstore/${artifactPrefix(this.name)}`,
          },
        },
      },
      systemData: {
        createdAt: new Date(this.createdAt).toISOString(),
        createdBy: person.name,
        createdByType: 'User',
      },
    };
  }

  /** As the run history answers. `logFiles`: signed URLs by path. */
  details(logFiles: Readonly<Record<string, string>>): object {
    const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
    const given = this.properties;
    return {
      runId: this.name,
      runUuid: this.workspace.id,
      parentRunUuid: null,
      rootRunUuid: this.workspace.id,
      target: textOf(given['computeId']).split('/').at(-1) ?? '',
      status: this.status,
      parentRunId: null,
      dataContainerId: `dcid.${this.name}`,
      createdTimeUtc: time(this.createdAt),
      startTimeUtc: time(this.startedAt),
      endTimeUtc: time(this.endedAt),
      error: this.error,
      warnings: this.warnings.length === 0 ? null : this.warnings,
      tags: fieldsOf(given['tags']),
      properties: fieldsOf(given['properties']),
      parameters: {},
      actionUris: {},
      scriptName: null,
      inputDatasets: [],
      outputDatasets: [],
      runDefinition: null,
      logFiles,
      jobCost: null,
      revision: this.history.length,
      runTypeV2: { orchestrator: 'Execution', traits: [], computeType: 'AmlCompute' },
      computeRequest: { nodeCount: this.instanceCount, gpuCount: 0 },
      createdBy: {
        userObjectId: this.world.person.oid,
        userTenantId: this.world.tenant.id,
        userName: this.world.person.name,
      },
      outputs: {},
    };
  }
}
