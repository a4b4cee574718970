import { type ResourceType, qualified, pods, resourceQuotas } from '../objects/resources.ts';
import { type Amounts, addUp, podRequests, quantity, quantityText } from '../objects/quantity.ts';
import type { Store } from '../objects/store.ts';
import type { KubeObject, Pod } from '../objects/types.ts';
import { forbidden } from './status.ts';

/** Throws 403 `exceeded quota` where the object would exceed a ResourceQuota of its namespace; else counts it. */
export function chargeQuota(type: ResourceType, object: KubeObject, store: Store): void {
  const namespace = object.metadata.namespace ?? '';
  for (const quota of store.list(resourceQuotas, namespace === '' ? '-' : namespace)) {
    const hard = quota.spec.hard ?? {};
    const used = usage(Object.keys(hard), namespace, store);
    const asked = chargeOf(type, object);
    const missing = type.kind === 'Pod' ? unspecified(Object.keys(hard), object as Pod) : '';
    if (missing !== '') {
      throw forbidden(type, object.metadata.name, `failed quota: ${quota.metadata.name}: must specify ${missing}`);
    }
    const exceeded = Object.keys(hard)
      .filter((name) => (asked[name] ?? 0) > 0 && (used[name] ?? 0) + (asked[name] ?? 0) > quantity(hard[name]))
      .toSorted();
    if (exceeded.length > 0) {
      const list = (of: (name: string) => string): string => exceeded.map((name) => `${name}=${of(name)}`).join(',');
      throw forbidden(
        type,
        object.metadata.name,
        `exceeded quota: ${quota.metadata.name}, requested: ${list((name) => quantityText(name, asked[name] ?? 0))}, used: ${list((name) => quantityText(name, used[name] ?? 0))}, limited: ${list((name) => hard[name] ?? '')}`,
      );
    }
  }
}

/** `limits.cpu for: main; requests.cpu for: main`: what each container has to say where a quota counts it. */
function unspecified(names: readonly string[], { spec }: Pod): string {
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  const wanted = names
    .map((name) => (name === 'cpu' || name === 'memory' ? `requests.${name}` : name))
    .filter((name) => /^(?:requests|limits)\.(?:cpu|memory)$/u.test(name))
    .toSorted();
  return wanted
    .flatMap((name) => {
      const [kind = '', resource = ''] = name.split('.');
      const silent = all.filter(
        ({ resources }) => (kind === 'limits' ? resources?.limits : resources?.requests)?.[resource] === undefined,
      );
      return silent.length === 0 ? [] : [`${name} for: ${silent.map((container) => container.name).join(',')}`];
    })
    .join('; ');
}

/** What there is in a namespace of what a quota counts. */
export function usage(names: readonly string[], namespace: string, store: Store): Amounts {
  const running = store.list(pods, namespace).filter(({ status }) => !['Succeeded', 'Failed'].includes(status.phase));
  const counted = names
    .filter((name) => name.startsWith('count/') || simpleCounts.has(name))
    .filter((name) => name !== 'pods')
    .map((name) => {
      const [plural = '', ...group] = name.replace(/^count\//u, '').split('.');
      return [name, store.list({ plural, group: group.join('.') } as ResourceType, namespace).length] as const;
    });
  return { ...addUp(running.map((pod) => chargeOf(pods, pod))), ...Object.fromEntries(counted) };
}

const simpleCounts = new Set(['secrets', 'configmaps', 'services', 'persistentvolumeclaims']);

function chargeOf(type: ResourceType, object: KubeObject): Amounts {
  const count = { [`count/${qualified(type)}`]: 1 };
  if (type.kind !== 'Pod') {
    return simpleCounts.has(type.plural) ? { ...count, [type.plural]: 1 } : count;
  }
  const { spec } = object as Pod;
  const requests = Object.entries(podRequests(spec));
  const limits = addUp(
    spec.containers.map(({ resources }) =>
      Object.fromEntries(
        Object.entries(resources?.limits ?? {})
          .filter(([name]) => !name.includes('/'))
          .map(([name, text]) => [`limits.${name}`, quantity(text)]),
      ),
    ),
  );
  return {
    ...count,
    pods: 1,
    ...limits,
    ...Object.fromEntries(requests.map(([name, value]) => [`requests.${name}`, value])),
    ...Object.fromEntries(requests.filter(([name]) => !name.includes('/'))),
  };
}
