import { type ResourceType, apiVersionOf } from '../objects/resources.ts';
import type { Change } from '../objects/store.ts';
import type { KubeObject, OwnerReference } from '../objects/types.ts';
import type { ControlContext } from './context.ts';

interface Dependent {
  readonly type: ResourceType;
  readonly object: KubeObject;
}

/** Deletes what belongs to what is gone, and carries out `Foreground` and `Orphan` deletions. */
export class GarbageCollector {
  readonly #context: ControlContext;
  readonly #types: readonly ResourceType[];
  /** Objects by the uid of an owner, then by their own. */
  readonly #dependents = new Map<string, Map<string, Dependent>>();
  readonly #uids = new Set<string>();

  constructor(context: ControlContext, types: readonly ResourceType[]) {
    this.#context = context;
    this.#types = types;
  }

  start(): void {
    this.#context.store.onChange((change) => this.#see(change));
  }

  #see({ type, action, object, before }: Change): void {
    const { uid } = object.metadata;
    for (const owner of before?.metadata.ownerReferences ?? []) {
      this.#dependents.get(owner.uid)?.delete(uid);
    }
    const owners = object.metadata.ownerReferences ?? [];
    if (action === 'DELETED') {
      this.#uids.delete(uid);
      this.#later(() => this.#ownerIsGone(uid));
      this.#later(() => owners.forEach((owner) => this.#advanceOwner(object, owner)));
      return;
    }
    this.#uids.add(uid);
    for (const owner of owners) {
      const known = this.#dependents.get(owner.uid) ?? new Map<string, Dependent>();
      known.set(uid, { type, object });
      this.#dependents.set(owner.uid, known);
    }
    if (action === 'ADDED' && owners.some((owner) => !this.#uids.has(owner.uid))) {
      this.#later(() => this.#collect({ type, object }));
    }
    if (object.metadata.deletionTimestamp !== undefined) {
      this.#later(() => this.#advance(type, object));
    }
  }

  /** Carries a deletion that waits for the dependents one step further. */
  #advance(type: ResourceType, object: KubeObject): void {
    const { namespace = '', name, uid } = object.metadata;
    const current = this.#context.store.get(type, namespace, name);
    if (current === undefined || current.metadata.uid !== uid) {
      return;
    }
    const finalizers = current.metadata.finalizers ?? [];
    if (finalizers.includes('orphan')) {
      this.#of(uid).forEach((dependent) => this.#disown(dependent, uid));
      this.#removeFinalizer(type, current, 'orphan');
    } else if (finalizers.includes('foregroundDeletion')) {
      const dependents = this.#of(uid);
      for (const dependent of dependents) {
        if (this.#hasOtherOwner(dependent, uid)) {
          this.#disown(dependent, uid);
        } else {
          this.#delete(dependent, 'Foreground');
        }
      }
      const blocking = this.#of(uid).filter(({ object: { metadata } }) =>
        metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
      );
      if (blocking.length === 0) {
        this.#removeFinalizer(type, current, 'foregroundDeletion');
      }
    }
  }

  #advanceOwner(dependent: KubeObject, owner: OwnerReference): void {
    const type = this.#types.find((one) => one.kind === owner.kind && apiVersionOf(one) === owner.apiVersion);
    const namespace = type?.namespaced === true ? (dependent.metadata.namespace ?? '') : '';
    const object = type === undefined ? undefined : this.#context.store.get(type, namespace, owner.name);
    if (type !== undefined && object !== undefined && object.metadata.uid === owner.uid) {
      this.#advance(type, object);
    }
  }

  #ownerIsGone(uid: string): void {
    this.#of(uid).forEach((dependent) => this.#collect(dependent));
    this.#dependents.delete(uid);
  }

  /** Deletes an object none of whose owners are left; else takes those that are gone off its list. */
  #collect({ type, object }: Dependent): void {
    const { namespace = '', name, uid } = object.metadata;
    const current = this.#context.store.get(type, namespace, name);
    const owners = current?.metadata.ownerReferences ?? [];
    if (current === undefined || current.metadata.uid !== uid || owners.length === 0) {
      return;
    }
    const left = owners.filter((owner) => this.#uids.has(owner.uid));
    if (left.length === 0) {
      this.#delete({ type, object: current }, 'Background');
    } else if (left.length < owners.length) {
      this.#context.registry.mutate(type, current, ({ metadata }) => {
        metadata.ownerReferences = left;
      });
    }
  }

  /** Somebody who stays: neither gone nor waiting for its own dependents to go. */
  #hasOtherOwner({ object }: Dependent, uid: string): boolean {
    const { namespace = '', ownerReferences = [] } = object.metadata;
    return ownerReferences.some((owner) => {
      const type = this.#types.find((one) => one.kind === owner.kind && apiVersionOf(one) === owner.apiVersion);
      const other = type === undefined ? undefined : this.#context.store.get(type, namespace, owner.name);
      const isSolid =
        other?.metadata.uid === owner.uid && other.metadata.finalizers?.includes('foregroundDeletion') !== true;
      return owner.uid !== uid && isSolid;
    });
  }

  #of(uid: string): Dependent[] {
    const known = [...(this.#dependents.get(uid)?.values() ?? [])];
    return known.flatMap(({ type, object }) => {
      const current = this.#context.store.get(type, object.metadata.namespace ?? '', object.metadata.name);
      return current?.metadata.uid === object.metadata.uid ? [{ type, object: current }] : [];
    });
  }

  #delete({ type, object }: Dependent, policy: 'Foreground' | 'Background'): void {
    const { namespace = '', name, uid, deletionTimestamp } = object.metadata;
    if (deletionTimestamp !== undefined) {
      return;
    }
    const hasDependents = this.#of(uid).length > 0;
    this.#context.registry.delete(type, namespace, name, {
      propagationPolicy: policy === 'Foreground' && hasDependents ? 'Foreground' : 'Background',
      preconditions: { uid },
    });
  }

  #disown({ type, object }: Dependent, ownerUid: string): void {
    this.#context.registry.mutate(type, object, ({ metadata }) => {
      const left = (metadata.ownerReferences ?? []).filter(({ uid }) => uid !== ownerUid);
      if (left.length === 0) {
        delete metadata.ownerReferences;
      } else {
        metadata.ownerReferences = left;
      }
    });
  }

  #removeFinalizer(type: ResourceType, object: KubeObject, finalizer: string): void {
    this.#context.registry.mutate(type, object, ({ metadata }) => {
      metadata.finalizers = (metadata.finalizers ?? []).filter((name) => name !== finalizer);
    });
  }

  #later(work: () => void): void {
    this.#context.timers.after(this.#context.timing.garbageCollection, work);
  }
}
