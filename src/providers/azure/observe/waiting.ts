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

/** Why a job is still in the queue, from what its cluster and the run history say; null where neither says anything. */
export function explainWait(job: Job, clusters: readonly Cluster[] | null, details: RunDetails | null): Waiting | null {
  const messages = (details?.warnings ?? []).flatMap(({ message }) => message ?? []);
  const told = messages.length === 0 ? null : [...new Set(messages)].join('\n');
  const name = job.properties.computeId?.split('/').at(-1)?.toLowerCase();
  const cluster = clusters?.find((each) => each.name.toLowerCase() === name);
  if (cluster !== undefined) {
    return onCluster(cluster, job.properties.resources?.instanceCount ?? 1, told);
  }
  if (told === null) {
    return null;
  }
  return {
    explanation: judgeRoom(told)?.message.replace(/\.$/u, '') ?? 'Azure waits before it starts it',
    reason: told,
  };
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

function lower(sentence: string): string {
  const plain = sentence.replace(/\.$/u, '');
  return plain.startsWith('Azure') ? plain : plain.charAt(0).toLowerCase() + plain.slice(1);
}
