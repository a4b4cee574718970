import { randomUUID } from 'node:crypto';
import { type ResourceType, apiVersionOf, namespaces, pods } from '../objects/resources.ts';
import type { Store } from '../objects/store.ts';
import type { KubeObject, ObjectMeta, Pod } from '../objects/types.ts';
import { type ClusterClock, secondsText } from '../clock.ts';
import { setCondition } from '../objects/conditions.ts';
import { type DeleteOptions, collectorFinalizers, graceSeconds, setFinalizers } from './deletion.ts';
import { checkLabels, checkName } from './nameRules.ts';
import { randomSuffix } from './randomSuffix.ts';
import { ApiError, alreadyExists, conflict, forbidden, invalid, modified, notFound } from './status.ts';
import { type AdmissionContext, strategyOf } from './strategies.ts';

export interface Deleted<T> {
  readonly object: T;
  /** It is not only on its way out. */
  readonly isGone: boolean;
}

/** Creates, changes and deletes objects by the rules of their kinds; for requests and for controllers alike. */
export class Registry {
  readonly #store: Store;
  readonly #clock: ClusterClock;
  readonly #admission: AdmissionContext;
  /** What each field manager applied last. */
  readonly applied = new AppliedConfigurations();
  /** Pods that a PodDisruptionBudget protects. */
  isEvictionBlocked: (pod: Pod) => boolean = () => false;

  constructor(store: Store, clock: ClusterClock, admission: AdmissionContext) {
    this.#store = store;
    this.#clock = clock;
    this.#admission = admission;
  }

  get<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string): T {
    const object = this.#store.get(type, namespace, name);
    if (object === undefined) {
      throw notFound(type, name);
    }
    return object;
  }

  create<T extends KubeObject>(type: ResourceType<T>, namespace: string, input: T, isDry = false): T {
    const object = structuredClone(input);
    const meta = (object.metadata ??= {} as ObjectMeta);
    this.#checkNamespace(type, namespace, meta.name ?? '');
    object.apiVersion = apiVersionOf(type);
    object.kind = type.kind;
    object.metadata = this.#newMeta(type, namespace, meta);
    const strategy = strategyOf(type);
    strategy.prepare?.(object, this.#admission);
    strategy.admit?.(object, this.#admission);
    const errors = [
      ...checkName(type, object.metadata),
      ...checkLabels(object.metadata),
      ...(strategy.validate?.(object, this.#admission) ?? []),
    ];
    if (errors.length > 0) {
      throw invalid(type, object.metadata.name ?? '', errors);
    }
    if (this.#store.get(type, namespace, object.metadata.name) !== undefined) {
      throw alreadyExists(type, object.metadata.name);
    }
    strategy.charge?.(object, this.#admission);
    return isDry ? object : this.#store.add(type, object);
  }

  /** Replaces an object by what `change` makes of it, where that is allowed. `part`: which half of it may change. */
  update<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string,
    name: string,
    change: (current: T) => T,
    part: 'main' | 'status' = 'main',
    isDry = false,
  ): T {
    const current = this.get(type, namespace, name);
    const next = structuredClone(change(structuredClone(current)));
    const wanted = next.metadata.resourceVersion;
    if (wanted !== undefined && wanted !== '' && wanted !== current.metadata.resourceVersion) {
      throw conflict(type, name, modified);
    }
    if (next.metadata.uid !== undefined && next.metadata.uid !== current.metadata.uid) {
      throw conflict(
        type,
        name,
        `Precondition failed: UID in precondition: ${next.metadata.uid}, UID in object meta: ${current.metadata.uid}`,
      );
    }
    const merged = part === 'status' ? withStatusOf(current, next) : this.#withoutStatusOf(type, current, next);
    if (part === 'main') {
      const errors = [
        ...checkLabels(merged.metadata),
        ...(strategyOf(type).validateUpdate?.(merged, current, this.#admission) ?? []),
      ];
      if (errors.length > 0) {
        throw invalid(type, name, errors);
      }
    }
    return isDry ? merged : this.#put(type, current, merged);
  }

  /** A change by the cluster itself: nothing is checked, and no change writes nothing. */
  mutate<T extends KubeObject>(type: ResourceType<T>, object: T, change: (draft: T) => void): T | undefined {
    const { namespace = '', name, uid } = object.metadata;
    const current = this.#store.get(type, namespace, name);
    if (current === undefined || current.metadata.uid !== uid) {
      return undefined;
    }
    const draft = structuredClone(current);
    change(draft);
    return this.#put(type, current, draft);
  }

  delete<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
    isDry = false,
  ): Deleted<T> {
    const current = this.get(type, namespace, name);
    const { uid, resourceVersion } = options.preconditions ?? {};
    if (uid !== undefined && uid !== current.metadata.uid) {
      throw conflict(
        type,
        name,
        `the UID in the precondition (${uid}) does not match the UID in record (${current.metadata.uid}). The object might have been deleted and then recreated`,
      );
    }
    if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
      throw conflict(
        type,
        name,
        `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${current.metadata.resourceVersion}). The object might have been modified`,
      );
    }
    const draft = structuredClone(current);
    const { metadata } = draft;
    setFinalizers(metadata, collectorFinalizers(metadata.finalizers ?? [], options, strategyOf(type).orphansByDefault));
    const grace = type.kind === 'Pod' ? graceSeconds(draft as unknown as Pod, options) : 0;
    const isMarked = metadata.deletionTimestamp !== undefined;
    if (grace > 0 || (metadata.finalizers ?? []).length > 0) {
      if (!isMarked || grace < (metadata.deletionGracePeriodSeconds ?? 0)) {
        metadata.deletionTimestamp = secondsText(this.#clock.now() + grace * 1000);
        metadata.deletionGracePeriodSeconds = grace;
        if (!isMarked && metadata.generation !== undefined) {
          metadata.generation += 1;
        }
      }
      return { object: isDry ? draft : this.#put(type, current, draft), isGone: false };
    }
    return { object: isDry ? draft : this.#store.remove(type, draft), isGone: true };
  }

  /** Marks a pod as one that the cluster is about to end. */
  disrupt(pod: Pod, reason: string, message: string): void {
    this.mutate(pods, pod, ({ status }) => {
      setCondition(
        (status.conditions ??= []),
        { type: 'DisruptionTarget', status: 'True', reason, message },
        this.#clock,
      );
    });
  }

  /** Stores a change, or removes what was only waiting for its last finalizer. */
  #put<T extends KubeObject>(type: ResourceType<T>, current: T, draft: T): T {
    const { metadata } = draft;
    if (metadata.finalizers !== undefined && metadata.finalizers.length === 0) {
      delete metadata.finalizers;
    }
    metadata.resourceVersion = current.metadata.resourceVersion;
    if (JSON.stringify(draft) === JSON.stringify(current)) {
      return current;
    }
    if (metadata.generation !== undefined && JSON.stringify(draft['spec']) !== JSON.stringify(current['spec'])) {
      metadata.generation = (current.metadata.generation ?? 0) + 1;
    }
    const isReleased = metadata.deletionTimestamp !== undefined && metadata.finalizers === undefined;
    if (isReleased && (metadata.deletionGracePeriodSeconds ?? 0) === 0) {
      return this.#store.remove(type, draft);
    }
    return this.#store.replace(type, draft);
  }

  #newMeta(type: ResourceType, namespace: string, given: ObjectMeta): ObjectMeta {
    const { generateName } = given;
    const isGenerated = (given.name ?? '') === '' && generateName !== undefined && generateName !== '';
    const name = isGenerated ? `${generateName.slice(0, 58)}${randomSuffix()}` : given.name;
    const rest = { ...given } as Partial<ObjectMeta>;
    delete rest.deletionTimestamp;
    delete rest.deletionGracePeriodSeconds;
    delete rest.generation;
    if ((rest.finalizers ?? []).length === 0) {
      delete rest.finalizers;
    }
    return {
      ...rest,
      name,
      ...(type.namespaced ? { namespace } : {}),
      uid: randomUUID(),
      resourceVersion: '',
      ...(strategyOf(type).hasGeneration ? { generation: 1 } : {}),
      creationTimestamp: this.#clock.seconds(),
    };
  }

  #checkNamespace(type: ResourceType, namespace: string, name: string): void {
    if (!type.namespaced) {
      return;
    }
    const found = this.#store.get(namespaces, '', namespace);
    if (found === undefined) {
      throw notFound(namespaces, namespace);
    }
    if (found.metadata.deletionTimestamp !== undefined) {
      throw new ApiError(
        403,
        'Forbidden',
        forbidden(type, name, `unable to create new content in namespace ${namespace} because it is being terminated`)
          .message,
        {
          name,
          ...(type.group === '' ? {} : { group: type.group }),
          kind: type.plural,
          causes: [
            {
              reason: 'NamespaceTerminating',
              message: `namespace ${namespace} is being terminated`,
              field: 'metadata.namespace',
            },
          ],
        },
      );
    }
  }

  #withoutStatusOf<T extends KubeObject>(type: ResourceType<T>, current: T, next: T): T {
    const metadata = {
      ...next.metadata,
      name: current.metadata.name,
      ...(type.namespaced ? { namespace: current.metadata.namespace ?? '' } : {}),
      uid: current.metadata.uid,
      creationTimestamp: current.metadata.creationTimestamp,
      ...pick(current.metadata, ['generation', 'deletionTimestamp', 'deletionGracePeriodSeconds']),
    };
    const merged: T = { ...next, apiVersion: current.apiVersion, kind: current.kind, metadata };
    if (type.subresources.some(({ name }) => name === 'status') && 'status' in current) {
      Object.assign(merged, { status: current['status'] });
    }
    return merged;
  }
}

function withStatusOf<T extends KubeObject>(current: T, next: T): T {
  return { ...current, status: next['status'] };
}

function pick<T extends object, K extends keyof T>(object: T, keys: readonly K[]): Partial<Pick<T, K>> {
  return Object.fromEntries(
    keys.filter((key) => object[key] !== undefined).map((key) => [key, object[key]]),
  ) as Partial<Pick<T, K>>;
}

/** `kubectl apply` and its like need to know what was applied before. */
class AppliedConfigurations {
  readonly #all = new Map<string, unknown>();

  get(uid: string, manager: string): unknown {
    return this.#all.get(`${uid}/${manager}`);
  }

  set(uid: string, manager: string, configuration: unknown): void {
    this.#all.set(`${uid}/${manager}`, configuration);
  }
}
