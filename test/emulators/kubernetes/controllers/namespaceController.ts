import { type ResourceType, namespaces } from '../objects/resources.ts';
import { WorkQueue } from '../timers.ts';
import type { ControlContext } from './context.ts';

/** Empties a namespace that is being deleted, and lets it go when nothing is left in it. */
export function startNamespaceController(context: ControlContext, types: readonly ResourceType[]): void {
  const { store, registry, timers, timing } = context;
  const queue = new WorkQueue(timers, (name) => {
    const namespace = store.get(namespaces, '', name);
    if (namespace?.metadata.deletionTimestamp === undefined) {
      return;
    }
    const left = types
      .filter(({ namespaced }) => namespaced)
      .flatMap((type) => store.list(type, name).map((object) => ({ type, object })));
    for (const { type, object } of left) {
      if (object.metadata.deletionTimestamp === undefined) {
        registry.delete(type, name, object.metadata.name, { propagationPolicy: 'Background' });
      }
    }
    if (left.length > 0) {
      queue.add(name, timing.garbageCollection);
      return;
    }
    registry.mutate(namespaces, namespace, ({ metadata }) => {
      metadata.finalizers = [];
    });
  });
  store.onChange(({ type, action, object }) => {
    if (type === namespaces && action === 'MODIFIED' && object.metadata.deletionTimestamp !== undefined) {
      registry.mutate(namespaces, object, (draft) => {
        draft['status'] = { phase: 'Terminating' };
      });
      queue.add(object.metadata.name, timing.garbageCollection);
    }
  });
}
