import type { AcceleratorName } from '../../../core/accelerator.ts';
import type { JobSpec } from '../../../core/jobSpec.ts';
import type { Flavour } from '../flavour.ts';
import type { AcceleratorKind, ClusterFacts } from '../offers/clusterFacts.ts';
import { resourceFor, spotLabels, tpuTopologyLabel, usualLabels } from '../offers/deviceLabels.ts';
import type { PlanOptions } from './options.ts';
import { chipsOf, usualTopology } from './topology.ts';

interface NodeExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn';
  readonly values: readonly string[];
}

export interface Toleration {
  readonly key: string;
  readonly operator: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect: 'NoSchedule';
}

/** On which nodes the pods may go. */
export interface Placement {
  /** The extended resource that is asked for; null without an accelerator. */
  readonly resource: string | null;
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** One of these must hold, all of its parts. */
  readonly terms: readonly (readonly NodeExpression[])[];
  readonly tolerations: readonly Toleration[];
  readonly warnings: readonly string[];
}

/** By what the nodes looked like when they were last listed; where they never were, by how the clouds spell it. */
export function placementOf(
  spec: JobSpec,
  options: PlanOptions,
  facts: ClusterFacts | null,
  flavour: Flavour,
): Placement {
  const { accelerator, nodes, spot } = spec;
  const warnings: string[] = [];
  const isChosen = Object.keys(options.nodeSelector).length > 0;
  const known = accelerator === null ? undefined : facts?.accelerators.find(({ name }) => name === accelerator.name);
  const resource = accelerator === null ? null : (known?.resource ?? resourceFor(accelerator.name));
  const byDevice = accelerator === null || isChosen ? [] : deviceTerms(accelerator.name, known);
  if (accelerator !== null && byDevice.length === 0 && !isChosen) {
    warnings.push(
      `It is not known how this cluster marks nodes with ${accelerator.name}: any node with ${resource} will do. Choose a node selector to be sure.`,
    );
  } else if (accelerator !== null && known === undefined && facts !== null && !isChosen) {
    warnings.push(`No node with ${accelerator.name} was there when the cluster was last looked at.`);
  }
  const nodeSelector: Record<string, string> = {};
  if (accelerator !== null && resource === 'google.com/tpu' && options.nodeSelector[tpuTopologyLabel] === undefined) {
    const topology = usualTopology(accelerator.name, accelerator.count * nodes, known?.topologies ?? []);
    if (topology === null) {
      warnings.push(
        `No TPU slice has ${accelerator.count * nodes} chips: choose a node selector with ${tpuTopologyLabel}.`,
      );
    } else {
      nodeSelector[tpuTopologyLabel] = topology;
      if (known !== undefined && known.topologies.length > 0 && !known.topologies.includes(topology)) {
        warnings.push(
          `No node forms a slice of ${accelerator.count * nodes} chips: those of the cluster are ${known.topologies.map((each) => `${each} (${chipsOf(each)} chips)`).join(', ')}. Ask for as many nodes as a slice has.`,
        );
      }
    }
  }
  const marks = facts === null || facts.spot.length === 0 ? flavour.spotNodes : facts.spot;
  return {
    resource,
    nodeSelector: { ...nodeSelector, ...options.nodeSelector },
    terms: spot ? onSpot(byDevice, marks) : avoidSpot(byDevice, facts),
    tolerations: tolerationsFor(resource, spot),
    warnings,
  };
}

function deviceTerms(
  name: AcceleratorName,
  known: AcceleratorKind | undefined,
): readonly (readonly NodeExpression[])[] {
  const labels = known === undefined ? usualLabels(name) : [known];
  return labels.map(({ key, values }) => [{ key, operator: 'In', values }]);
}

function crossed(
  left: readonly (readonly NodeExpression[])[],
  right: readonly (readonly NodeExpression[])[],
): readonly (readonly NodeExpression[])[] {
  return left.length === 0 ? right : left.flatMap((one) => right.map((other) => [...one, ...other]));
}

function onSpot(
  terms: readonly (readonly NodeExpression[])[],
  marks: readonly { readonly key: string; readonly value: string }[],
): readonly (readonly NodeExpression[])[] {
  const marked = marks.map(({ key, value }) => [{ key, operator: 'In' as const, values: [value] }]);
  return marked.length === 0 ? terms : crossed(terms, marked);
}

/** Some clouds do not keep other jobs off their spot nodes by themselves. */
function avoidSpot(
  terms: readonly (readonly NodeExpression[])[],
  facts: ClusterFacts | null,
): readonly (readonly NodeExpression[])[] {
  const marks = (facts?.spot ?? []).map(({ key, value }) => ({ key, operator: 'NotIn' as const, values: [value] }));
  return marks.length === 0 ? terms : crossed(terms, [marks]);
}

function tolerationsFor(resource: string | null, spot: boolean): readonly Toleration[] {
  const device: readonly Toleration[] =
    resource === null
      ? []
      : [
          { key: resource, operator: 'Exists', effect: 'NoSchedule' },
          // The usual taint of GPU pools in Azure.
          { key: 'sku', operator: 'Equal', value: 'gpu', effect: 'NoSchedule' },
        ];
  return spot
    ? [...device, ...spotLabels.map(({ key }): Toleration => ({ key, operator: 'Exists', effect: 'NoSchedule' }))]
    : device;
}
