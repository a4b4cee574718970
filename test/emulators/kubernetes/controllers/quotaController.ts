import { usage } from '../api/quota.ts';
import { quantityText } from '../objects/quantity.ts';
import { events, resourceQuotas } from '../objects/resources.ts';
import { WorkQueue } from '../timers.ts';
import type { ControlContext } from './context.ts';

/** Keeps what a ResourceQuota says of its use true. */
export function startQuotaController(context: ControlContext): void {
  const { store, registry, timers, timing } = context;
  const queue = new WorkQueue(timers, (namespace) => {
    for (const quota of store.list(resourceQuotas, namespace)) {
      const hard = quota.spec.hard ?? {};
      const used = usage(Object.keys(hard), namespace, store);
      registry.mutate(resourceQuotas, quota, (draft) => {
        draft.status = {
          hard,
          used: Object.fromEntries(Object.keys(hard).map((name) => [name, quantityText(name, used[name] ?? 0)])),
        };
      });
    }
  });
  store.onChange(({ type, object }) => {
    const { namespace } = object.metadata;
    const isCounted = type !== events && namespace !== undefined;
    if (isCounted && (type === resourceQuotas || store.list(resourceQuotas, namespace).length > 0)) {
      queue.add(namespace, timing.garbageCollection);
    }
  });
}
