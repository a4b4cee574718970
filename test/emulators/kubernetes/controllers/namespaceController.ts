import { type ResourceType, configMaps, namespaces, serviceAccounts } from '../objects/resources.ts';
import type { ConfigMap, KubeObject } from '../objects/types.ts';
import { WorkQueue } from '../timers.ts';
import type { ControlContext } from './context.ts';

/**
 * Gives a namespace what each has; empties one that is being deleted, and lets it go when nothing is left in it. Started
 * before there are any.
 */
export function startNamespaceController(
  context: ControlContext,
  types: readonly ResourceType[],
  caCert: string,
): void {
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
  const furnish = (namespace: string): void => {
    registry.create(serviceAccounts, namespace, { metadata: { name: 'default' } } as KubeObject);
    const data = { 'ca.crt': caCert };
    registry.create(configMaps, namespace, { metadata: { name: 'kube-root-ca.crt' }, data } as unknown as ConfigMap);
  };
  store.onChange(({ type, action, object }) => {
    if (type === namespaces && action === 'ADDED') {
      furnish(object.metadata.name);
    }
    if (type === namespaces && action === 'MODIFIED' && object.metadata.deletionTimestamp !== undefined) {
      registry.mutate(namespaces, object, (draft) => {
        draft['status'] = { phase: 'Terminating' };
      });
      queue.add(object.metadata.name, timing.garbageCollection);
    }
  });
}
