import type { Cluster } from '../offers/clusters.ts';
import type { RunDetails } from '../client/runHistory.ts';
import { judgeRoom } from '../client/apiError.ts';
import type { Job } from '../job.ts';

export interface Waiting {
  /** One sentence without a full stop. */
  readonly explanation: string;
  /** Azure's own words. */
  readonly reason: string | null;
}

/** Why a job is still in the queue, from what its cluster and the run history say; where neither does, what it waits for. */
export function explainWait(job: Job, clusters: readonly Cluster[] | null, details: RunDetails | null): Waiting {
  const messages = (details?.warnings ?? []).flatMap(({ message }) => message ?? []);
  const told = messages.length === 0 ? null : [...new Set(messages)].join('\n');
  const cluster = clusterOf(job, clusters);
  if (cluster !== undefined) {
    return onCluster(cluster, job.properties.resources?.instanceCount ?? 1, told);
  }
  const room = told === null ? null : judgeRoom(told);
  return { explanation: room?.message.replace(/\.$/u, '') ?? waitsFor(job), reason: told };
}

/** Whether its machines may be taken away; null where that is not known. */
export function isOnSpot(job: Job, clusters: readonly Cluster[] | null): boolean | null {
  const { computeId, queueSettings } = job.properties;
  return computeId ? (clusterOf(job, clusters)?.isSpot ?? null) : queueSettings?.jobTier === 'Spot';
}

function clusterOf({ properties: { computeId } }: Job, clusters: readonly Cluster[] | null): Cluster | undefined {
  const name = computeId?.split('/').at(-1)?.toLowerCase();
  return clusters?.find((each) => each.name.toLowerCase() === name);
}

function waitsFor({ properties: { status, computeId, resources, queueSettings } }: Job): string {
  if (status === 'NotStarted') {
    return 'Azure has taken it and not begun with it yet';
  }
  if (status === 'Paused') {
    return 'It is paused in Azure';
  }
  const cluster = computeId?.split('/').at(-1);
  if (cluster !== undefined) {
    return `It waits for the cluster ${cluster}`;
  }
  const count = resources?.instanceCount ?? 1;
  const spot = queueSettings?.jobTier === 'Spot' ? 'spot ' : '';
  const size = resources?.instanceType ? ` of the size ${resources.instanceType}` : '';
  return `It waits until Azure has ${count === 1 ? 'a' : `all ${count}`} ${spot}${count === 1 ? 'machine' : 'machines'}${size} for it`;
}

function onCluster(cluster: Cluster, wanted: number, told: string | null): Waiting {
  const { name, errors, maxNodes, idle, nodes, isResizing } = cluster;
  if (errors.length > 0) {
    const reason = errors.join('\n');
    const room = judgeRoom(reason);
    return {
      explanation: `The cluster ${name} cannot grow: ${room === null ? 'Azure refuses it more machines' : lower(room.message)}`,
      reason,
    };
  }
  if (maxNodes === 0) {
    return { explanation: `The cluster ${name} is set to have no nodes`, reason: told };
  }
  if (maxNodes !== null && nodes >= maxNodes && idle < wanted) {
    return {
      explanation: `${maxNodes === 1 ? 'The one node' : `All ${maxNodes} nodes`} of the cluster ${name} ${maxNodes === 1 ? 'is' : 'are'} in use`,
      reason: told,
    };
  }
  return {
    explanation: isResizing
      ? `The cluster ${name} is getting machines, which takes some minutes`
      : `It waits for the cluster ${name}`,
    reason: told,
  };
}

/** For the middle of a sentence. */
export function lower(sentence: string): string {
  const plain = sentence.replace(/\.$/u, '');
  return plain.startsWith('Azure') ? plain : plain.charAt(0).toLowerCase() + plain.slice(1);
}
