import type { CustomJob, WorkerPoolSpec } from './types.ts';

export interface Replica {
  /** `workerpool0-0`. */
  readonly name: string;
  readonly pool: number;
  readonly index: number;
  readonly host: string;
  /** A loopback address of its own: replicas share the machine's network. */
  readonly address: string;
}

const listenAt = 2222;
let replicasSoFar = 0;

export function replicasOf(jobId: string, pools: readonly WorkerPoolSpec[]): readonly Replica[] {
  return pools.flatMap(({ replicaCount }, pool) =>
    Array.from({ length: Number(replicaCount) }, (_, index) => {
      replicasSoFar += 1;
      const name = `workerpool${pool}-${index}`;
      return {
        name,
        pool,
        index,
        host: `cmle-training-workerpool${pool}-${jobId.slice(-10)}-${index}`,
        address: `127.${100 + (replicasSoFar >> 16)}.${(replicasSoFar >> 8) & 255}.${replicasSoFar & 255}`,
      };
    }),
  );
}

/** What the service tells a container beside what the job's spec says. */
export function environmentOf(
  job: CustomJob,
  project: { readonly id: string; readonly number: string },
  region: string,
  replica: Replica,
  replicas: readonly Replica[],
): Record<string, string> {
  const jobId = job.name.split('/').at(-1) ?? '';
  const pools = new Set(replicas.map(({ pool }) => pool));
  const cluster = Object.fromEntries(
    [...pools].map((pool) => [
      `workerpool${pool}`,
      replicas.filter((each) => each.pool === pool).map(({ host }) => `${host}:${listenAt}`),
    ]),
  );
  const task = { type: `workerpool${replica.pool}`, index: replica.index };
  const base = job.jobSpec.baseOutputDirectory?.outputUriPrefix.replace(/\/*$/u, '');
  const given = job.jobSpec.workerPoolSpecs[replica.pool]?.containerSpec?.env ?? [];
  return {
    HOME: '/root',
    CLOUD_ML_JOB_ID: jobId,
    CLOUD_ML_PROJECT_ID: project.number,
    CLOUD_ML_REGION: region,
    CLUSTER_SPEC: JSON.stringify({ cluster, environment: 'cloud', task }),
    ...(base === undefined
      ? {}
      : {
          AIP_MODEL_DIR: `${base}/model/`,
          AIP_CHECKPOINT_DIR: `${base}/checkpoints/`,
          AIP_TENSORBOARD_LOG_DIR: `${base}/logs/`,
        }),
    ...Object.fromEntries(given.map(({ name, value }) => [name, value])),
  };
}
