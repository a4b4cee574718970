import { controlledBy } from '../objects/owners.ts';
import type { Container, EnvVar, Job, Pod } from '../objects/types.ts';
import { indexKey } from './jobIndexes.ts';
import { trackingFinalizer } from './jobState.ts';

/** The pod that a job makes, for one of its indexes or for none. */
export function podFor(job: Job, index: number | null): Pod {
  const { metadata, spec } = job;
  const { template } = structuredClone(spec);
  const isIndexed = index !== null;
  const variable: EnvVar = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { fieldPath: `metadata.labels['${indexKey}']` } },
  };
  const withIndex = (container: Container): Container =>
    isIndexed && !(container.env ?? []).some(({ name }) => name === variable.name)
      ? { ...container, env: [...(container.env ?? []), variable] }
      : container;
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: isIndexed ? `${metadata.name}-${index}-` : `${metadata.name}-`,
      labels: { ...template.metadata?.labels, ...(isIndexed ? { [indexKey]: String(index) } : {}) },
      annotations: { ...template.metadata?.annotations, ...(isIndexed ? { [indexKey]: String(index) } : {}) },
      finalizers: [trackingFinalizer],
      ownerReferences: [controlledBy(job)],
    },
    spec: {
      ...template.spec,
      containers: template.spec.containers.map(withIndex),
      ...(template.spec.initContainers === undefined
        ? {}
        : { initContainers: template.spec.initContainers.map(withIndex) }),
      ...(isIndexed && template.spec.hostname === undefined ? { hostname: `${metadata.name}-${index}` } : {}),
    },
    status: { phase: 'Pending' },
  };
  return pod as unknown as Pod;
}
