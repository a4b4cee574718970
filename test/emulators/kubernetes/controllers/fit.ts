import { type Amounts, addUp, podRequests, quantity } from '../objects/quantity.ts';
import { claims, nodes, pods } from '../objects/resources.ts';
import { matchesSelector, meets } from '../objects/selectors.ts';
import type { Store } from '../objects/store.ts';
import type { NodeObject, NodeSelectorTerm, Pod, PodAffinityTerm, Taint, Toleration } from '../objects/types.ts';

export interface Verdict {
  /** In the scheduler's words; empty where the pod fits. */
  readonly reasons: readonly string[];
  /** Ending other pods could help. */
  readonly couldPreempt: boolean;
}

/** Which nodes a pod could run on, with the pods that are there already. */
export class Fit {
  readonly #store: Store;
  readonly #placed: Pod[];
  readonly #free = new Map<string, Amounts>();
  readonly #loads = new Map<string, number>();

  constructor(store: Store, without: ReadonlySet<string> = new Set()) {
    this.#store = store;
    this.#placed = store
      .list(pods)
      .filter(
        ({ spec, status, metadata }) =>
          spec.nodeName !== undefined &&
          status.phase !== 'Succeeded' &&
          status.phase !== 'Failed' &&
          !without.has(metadata.uid),
      );
    for (const { spec } of this.#placed) {
      this.#count(spec.nodeName);
    }
  }

  /** From now on the pod takes its share of that node. */
  place(pod: Pod, node: NodeObject): void {
    const free = this.freeOn(node);
    const asked = { ...podRequests(pod.spec), pods: 1 };
    const left = Object.entries(free).map(([name, amount]) => [name, amount - (asked[name as 'pods'] ?? 0)]);
    this.#free.set(node.metadata.name, Object.fromEntries(left));
    this.#placed.push({ ...pod, spec: { ...pod.spec, nodeName: node.metadata.name } });
    this.#count(node.metadata.name);
  }

  check(pod: Pod, node: NodeObject): Verdict {
    const hard = [
      ...(node.spec.unschedulable === true && !tolerates(pod, unschedulableTaint)
        ? ['node(s) were unschedulable']
        : []),
      ...untolerated(pod, node).slice(0, 1),
      ...(matchesNode(pod, node) ? [] : ["node(s) didn't match Pod's node affinity/selector"]),
    ];
    const [first] = hard;
    if (first !== undefined) {
      // The real scheduler stops at the first filter that refuses a node.
      return { reasons: [first], couldPreempt: false };
    }
    const missingClaim = (pod.spec.volumes ?? []).find(
      ({ persistentVolumeClaim }) =>
        persistentVolumeClaim !== undefined &&
        this.#store.get(claims, pod.metadata.namespace ?? '', persistentVolumeClaim.claimName) === undefined,
    );
    if (missingClaim !== undefined) {
      return {
        reasons: [`persistentvolumeclaim "${missingClaim.persistentVolumeClaim?.claimName ?? ''}" not found`],
        couldPreempt: false,
      };
    }
    const free = this.freeOn(node);
    const wanted = { ...podRequests(pod.spec), pods: 1 };
    const short = Object.entries(wanted).filter(([name, amount]) => amount > 0 && amount > (free[name] ?? 0));
    if (short.length > 0) {
      const isPossible = short.every(([name, amount]) => amount <= quantity(node.status.allocatable[name]));
      return {
        reasons: short.map(([name]) => (name === 'pods' ? 'Too many pods' : `Insufficient ${name}`)),
        couldPreempt: isPossible,
      };
    }
    return this.#affinity(pod, node);
  }

  freeOn(node: NodeObject): Amounts {
    const known = this.#free.get(node.metadata.name);
    if (known !== undefined) {
      return known;
    }
    const here = this.#placed.filter(({ spec }) => spec.nodeName === node.metadata.name);
    const used = addUp(here.map(({ spec }) => ({ ...podRequests(spec), pods: 1 })));
    const free = Object.fromEntries(
      Object.entries(node.status.allocatable).map(([name, text]) => [name, quantity(text) - (used[name] ?? 0)]),
    );
    this.#free.set(node.metadata.name, free);
    return free;
  }

  /** The node that is least full. */
  best(candidates: readonly NodeObject[]): NodeObject | undefined {
    const load = (node: NodeObject): number => this.#loads.get(node.metadata.name) ?? 0;
    return candidates.toSorted((a, b) => load(a) - load(b))[0];
  }

  #count(nodeName: string | undefined): void {
    if (nodeName !== undefined) {
      this.#loads.set(nodeName, (this.#loads.get(nodeName) ?? 0) + 1);
    }
  }

  /** `0/2 nodes are available: ...`: the counts of each reason, in the order of their texts. */
  message(verdicts: readonly Verdict[], foundVictims: boolean): string {
    if (verdicts.length === 0) {
      return 'no nodes available to schedule pods';
    }
    const head = `0/${verdicts.length} nodes are available: `;
    const reasons = histogram(verdicts.flatMap(({ reasons: all }) => all));
    const claim = verdicts[0]?.reasons[0];
    const text = claim?.startsWith('persistentvolumeclaim') === true ? claim : reasons;
    if (foundVictims) {
      return `${head}${text}.`;
    }
    const preemption = histogram(
      verdicts.map(({ couldPreempt }) =>
        couldPreempt ? 'No preemption victims found for incoming pod' : 'Preemption is not helpful for scheduling',
      ),
    );
    return `${head}${text}. preemption: ${head}${preemption}.`;
  }

  #affinity(pod: Pod, node: NodeObject): Verdict {
    const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
    const apart = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const together = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    if (apart.some((term) => this.#isNear(pod, node, term))) {
      return { reasons: ["node(s) didn't match pod anti-affinity rules"], couldPreempt: true };
    }
    const isFirst = (term: PodAffinityTerm): boolean =>
      matchesSelector(term.labelSelector, pod.metadata.labels) &&
      !this.#placed.some((other) => matchesSelector(term.labelSelector, other.metadata.labels));
    if (together.some((term) => !this.#isNear(pod, node, term) && !isFirst(term))) {
      return { reasons: ["node(s) didn't match pod affinity rules"], couldPreempt: true };
    }
    return { reasons: [], couldPreempt: false };
  }

  #isNear(pod: Pod, node: NodeObject, { labelSelector, topologyKey, namespaces = [] }: PodAffinityTerm): boolean {
    const spaces = namespaces.length > 0 ? namespaces : [pod.metadata.namespace ?? ''];
    const domain = node.metadata.labels?.[topologyKey];
    const hosts = new Set(
      topologyKey === 'kubernetes.io/hostname' ? [node.metadata.name] : this.#nodesIn(topologyKey, domain),
    );
    return this.#placed.some(
      (other) =>
        hosts.has(other.spec.nodeName ?? '') &&
        spaces.includes(other.metadata.namespace ?? '') &&
        matchesSelector(labelSelector, other.metadata.labels),
    );
  }

  #nodesIn(topologyKey: string, domain: string | undefined): string[] {
    return this.#store
      .list(nodes)
      .filter(({ metadata }) => metadata.labels?.[topologyKey] === domain)
      .map(({ metadata }) => metadata.name);
  }
}

const unschedulableTaint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

function untolerated(pod: Pod, node: NodeObject): string[] {
  return (node.spec.taints ?? [])
    .filter(({ key, effect }) => effect !== 'PreferNoSchedule' && key !== unschedulableTaint.key)
    .filter((taint) => !tolerates(pod, taint))
    .map(({ key, value = '' }) => `node(s) had untolerated taint {${key}: ${value}}`);
}

export function tolerates(pod: Pod, taint: Taint): boolean {
  return tolerationFor(pod, taint) !== undefined;
}

export function tolerationFor(pod: Pod, taint: Taint): Toleration | undefined {
  return (pod.spec.tolerations ?? []).find(
    ({ key = '', operator = 'Equal', value = '', effect = '' }) =>
      (effect === '' || effect === taint.effect) &&
      ((key === '' && operator === 'Exists') ||
        (key === taint.key && (operator === 'Exists' || value === (taint.value ?? '')))),
  );
}

function matchesNode(pod: Pod, node: NodeObject): boolean {
  const labels = node.metadata.labels ?? {};
  const selected = Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return selected && (terms === undefined || terms.some((term) => matchesTerm(term, node)));
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: NodeObject): boolean {
  return (
    matchExpressions.length + matchFields.length > 0 &&
    matchExpressions.every((requirement) => meets(requirement, node.metadata.labels?.[requirement.key])) &&
    matchFields.every((requirement) => meets(requirement, node.metadata.name))
  );
}

function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) {
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .toSorted()
    .join(', ');
}
