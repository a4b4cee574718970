import type { AcceleratorName } from '../../../core/accelerator.ts';
import type { Node, PodRequests } from '../model/node.ts';
import {
  type DeviceResource,
  deviceOf,
  deviceResources,
  instanceTypeLabel,
  spotLabelOf,
  tpuTopologyLabel,
} from './deviceLabels.ts';

/** A node that jobs can be sent to, as far as accelerators go. */
export interface NodeUse {
  readonly name: string;
  /** null for a node without an accelerator, or with one that no label names. */
  readonly accelerator: AcceleratorName | null;
  readonly resource: DeviceResource | null;
  readonly label: { readonly key: string; readonly value: string } | null;
  /** Devices in all that the node can give. */
  readonly total: number;
  /** Devices that nobody has asked for; null when that may not be known. */
  readonly free: number | null;
  readonly spot: { readonly key: string; readonly value: string } | null;
  /** Resources by which it gives its RDMA network. */
  readonly rdma: readonly string[];
  readonly topology: string | null;
  readonly instanceType: string | null;
}

/** `pods`: every pod of the cluster that has not ended; null when they may not be listed. Leaves out nodes that take no jobs. */
export function usesOf(nodes: readonly Node[], pods: readonly PodRequests[] | null): readonly NodeUse[] {
  const podsByNode = pods === null ? null : Map.groupBy(pods, ({ spec }) => spec.nodeName ?? '');
  return nodes.filter(takesJobs).map((node) => {
    const { labels, name } = node.metadata;
    const resource = deviceResources.find((each) => amount(node.status.allocatable[each]) > 0) ?? null;
    const device = resource === null ? null : deviceOf(labels);
    const total = resource === null ? 0 : amount(node.status.allocatable[resource]);
    const taken =
      podsByNode === null || resource === null
        ? null
        : (podsByNode.get(name) ?? []).reduce((sum, pod) => sum + requested(pod, resource), 0);
    return {
      name,
      accelerator: device?.name ?? null,
      resource,
      label: device === null ? null : { key: device.key, value: device.value },
      total,
      free: taken === null ? null : Math.max(0, total - taken),
      spot: spotLabelOf(labels),
      rdma: Object.entries(node.status.allocatable).flatMap(([name, quantity]) =>
        name.startsWith('rdma/') && String(quantity) !== '0' ? name : [],
      ),
      topology: labels[tpuTopologyLabel] ?? null,
      instanceType: labels[instanceTypeLabel] ?? null,
    };
  });
}

/** Taints that our jobs tolerate, or that pass by themselves. */
const tolerated =
  /^(?:nvidia\.com\/gpu|amd\.com\/gpu|google\.com\/tpu|sku|aws\.amazon\.com\/neuron|habana\.ai\/gaudi|cloud\.google\.com\/gke-(?:spot|preemptible)|kubernetes\.azure\.com\/scalesetpriority|oci\.oraclecloud\.com\/oke-is-preemptible)$/u;

function takesJobs({ spec, status }: Node): boolean {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const barred = (spec.taints ?? []).some(({ key, effect }) => effect !== 'PreferNoSchedule' && !tolerated.test(key));
  return spec.unschedulable !== true && !barred && (ready === undefined || ready.status === 'True');
}

/** What a pod holds of a device: the sum of its containers, or what its largest init container needs before them. */
function requested({ spec, status }: PodRequests, resource: string): number {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') {
    return 0;
  }
  const of = (containers: typeof spec.containers): number[] =>
    (containers ?? []).map(({ resources }) => amount(resources?.requests?.[resource]));
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const sum = [...of(spec.containers), ...of(sidecars)].reduce((total, each) => total + each, 0);
  return Math.max(sum, ...of(spec.initContainers));
}

function amount(quantity: string | number | undefined): number {
  const count = Number(quantity ?? 0);
  return Number.isFinite(count) ? count : 0;
}
