import { pods } from '../objects/resources.ts';
import type { Store } from '../objects/store.ts';
import type { NodeObject, Pod } from '../objects/types.ts';
import { Fit } from './fit.ts';

export interface Victims {
  readonly node: string;
  readonly pods: readonly Pod[];
}

/** Pods of lower priority on one node whose end would make room; null where no node has them. */
export function chooseVictims(pod: Pod, candidates: readonly NodeObject[], store: Store): Victims | null {
  const priority = pod.spec.priority ?? 0;
  const lower = store
    .list(pods)
    .filter(
      ({ spec, status }) =>
        spec.nodeName !== undefined &&
        (spec.priority ?? 0) < priority &&
        status.phase !== 'Succeeded' &&
        status.phase !== 'Failed',
    )
    .toSorted((a, b) => (a.spec.priority ?? 0) - (b.spec.priority ?? 0));
  const options = candidates.flatMap((node) => {
    const victims: Pod[] = [];
    for (const victim of lower.filter(({ spec }) => spec.nodeName === node.metadata.name)) {
      victims.push(victim);
      const fit = new Fit(store, new Set(victims.map(({ metadata }) => metadata.uid)));
      if (fit.check(pod, node).reasons.length === 0) {
        return [{ node: node.metadata.name, pods: victims }];
      }
    }
    return [];
  });
  return options.toSorted((a, b) => a.pods.length - b.pods.length)[0] ?? null;
}
