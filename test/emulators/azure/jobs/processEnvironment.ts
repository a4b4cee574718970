import { fieldsOf, textOf } from '../route.ts';
import type { Job } from './job.ts';

export interface Rank {
  readonly rank: number;
  readonly node: number;
  readonly localRank: number;
  readonly perNode: number;
  readonly worldSize: number;
}

/** The variables that Azure sets for a process of a job, with those of the request. */
export function environmentOf(job: Job, where: Rank, masterPort: number): Record<string, string> {
  const { workspace, world, name, properties } = job;
  const asked = Object.fromEntries(
    Object.entries(fieldsOf(properties['environmentVariables'])).map(([key, value]) => [key, String(value)]),
  );
  return {
    HOME: '/root',
    LANG: 'C.UTF-8',
    ...asked,
    AZUREML_RUN_ID: name,
    AZUREML_EXPERIMENT_NAME: textOf(properties['experimentName']) || 'Default',
    AZUREML_ARM_SUBSCRIPTION: workspace.subscription,
    AZUREML_ARM_RESOURCEGROUP: workspace.group,
    AZUREML_ARM_WORKSPACE_NAME: workspace.name,
    AZUREML_ARM_PROJECT_NAME: textOf(properties['experimentName']) || 'Default',
    AZUREML_WORKSPACE_ID: workspace.id,
    AZUREML_SERVICE_ENDPOINT: world.url,
    AZUREML_DISCOVERY_SERVICE_ENDPOINT: `${world.url}/discovery`,
    AZUREML_NODE_COUNT: String(job.instanceCount),
    MLFLOW_RUN_ID: name,
    MLFLOW_EXPERIMENT_NAME: textOf(properties['experimentName']) || 'Default',
    ...rankVariables(job, where, masterPort),
  };
}

function rankVariables(
  job: Job,
  { rank, node, localRank, perNode, worldSize }: Rank,
  masterPort: number,
): Record<string, string> {
  const kind = textOf(fieldsOf(job.properties['distribution'])['distributionType']);
  const master = { MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(masterPort), NODE_RANK: String(node) };
  switch (kind) {
    case 'PyTorch':
      return {
        ...master,
        RANK: String(rank),
        LOCAL_RANK: String(localRank),
        WORLD_SIZE: String(worldSize),
        LOCAL_WORLD_SIZE: String(perNode),
        AZUREML_PARAMETER_ITERATION: '0',
      };
    case 'Mpi':
      return {
        ...master,
        OMPI_COMM_WORLD_RANK: String(rank),
        OMPI_COMM_WORLD_LOCAL_RANK: String(localRank),
        OMPI_COMM_WORLD_SIZE: String(worldSize),
        OMPI_COMM_WORLD_LOCAL_SIZE: String(perNode),
        AZ_BATCH_MASTER_NODE: `127.0.0.1:${masterPort}`,
      };
    case 'TensorFlow':
      return {
        TF_CONFIG: JSON.stringify({
          cluster: { worker: Array.from({ length: worldSize }, (_, index) => `127.0.0.1:${masterPort + index}`) },
          task: { type: 'worker', index: rank },
        }),
      };
    default:
      return job.instanceCount > 1 ? master : {};
  }
}
