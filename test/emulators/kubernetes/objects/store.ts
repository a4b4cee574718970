import { type ResourceType, qualified } from './resources.ts';
import type { KubeObject } from './types.ts';

export interface Change {
  readonly version: number;
  readonly action: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly type: ResourceType;
  readonly object: KubeObject;
  /** What was there before; undefined for what was added. */
  readonly before: KubeObject | undefined;
}

/**
 * All objects, with one version counter over everything and the changes since the last compaction: what etcd is to an API
 * server. Objects in it are never changed, only replaced.
 */
export class Store {
  #version = 1;
  #oldestVersion = 1;
  #changes: Change[] = [];
  readonly #tables = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Set<(change: Change) => void>();

  get version(): number {
    return this.#version;
  }

  get<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string): T | undefined {
    return this.#table(type).get(keyOf(namespace, name)) as T | undefined;
  }

  /** In the order of their names, as etcd has them. */
  list<T extends KubeObject>(type: ResourceType<T>, namespace = ''): T[] {
    const all = [...this.#table(type)].filter(([key]) => namespace === '' || key.startsWith(`${namespace}/`));
    all.sort(([a], [b]) => (a < b ? -1 : 1));
    return all.map(([, object]) => object as T);
  }

  add<T extends KubeObject>(type: ResourceType<T>, object: T): T {
    return this.#put('ADDED', type, object, undefined);
  }

  replace<T extends KubeObject>(type: ResourceType<T>, object: T): T {
    const { namespace = '', name } = object.metadata;
    return this.#put('MODIFIED', type, object, this.get(type, namespace, name));
  }

  remove<T extends KubeObject>(type: ResourceType<T>, object: T): T {
    const { namespace = '', name } = object.metadata;
    const before = this.get(type, namespace, name);
    const version = ++this.#version;
    const gone = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    this.#table(type).delete(keyOf(namespace, name));
    this.#record({ version, action: 'DELETED', type, object: gone, before });
    return gone;
  }

  /** The changes after a version; null where some of them are compacted away. */
  since(version: number): readonly Change[] | null {
    if (version < this.#oldestVersion) {
      return null;
    }
    return this.#changes.filter((change) => change.version > version);
  }

  /** What `list` gave at a version; null where that is compacted away. */
  listAt<T extends KubeObject>(type: ResourceType<T>, namespace: string, version: number): T[] | null {
    const later = this.since(version);
    if (later === null) {
      return null;
    }
    const table = new Map(this.list(type, namespace).map((object) => [keyFor(object), object]));
    for (const change of later.toReversed()) {
      if (change.type.plural === type.plural && change.type.group === type.group) {
        if (change.before === undefined) {
          table.delete(keyFor(change.object));
        } else if (namespace === '' || change.before.metadata.namespace === namespace) {
          table.set(keyFor(change.before), change.before as T);
        }
      }
    }
    return [...table].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** Forgets the history up to now: older versions are `Expired`. */
  compact(): void {
    this.#changes = [];
    this.#oldestVersion = this.#version;
  }

  /** Counts on as if something else had changed. */
  touch(): void {
    this.#version += 1;
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #put<T extends KubeObject>(action: 'ADDED' | 'MODIFIED', type: ResourceType<T>, object: T, before: T | undefined): T {
    const version = ++this.#version;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    this.#table(type).set(keyFor(stored), stored);
    this.#record({ version, action, type, object: stored, before });
    return stored;
  }

  #record(change: Change): void {
    this.#changes.push(change);
    for (const listener of this.#listeners) {
      listener(change);
    }
  }

  #table(type: ResourceType): Map<string, KubeObject> {
    const name = qualified(type);
    const table = this.#tables.get(name) ?? new Map<string, KubeObject>();
    this.#tables.set(name, table);
    return table;
  }
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function keyFor(object: KubeObject): string {
  return keyOf(object.metadata.namespace ?? '', object.metadata.name);
}
