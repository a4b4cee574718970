import { createHash } from 'node:crypto';
import type { Registry } from '../api/registry.ts';
import type { ClusterClock } from '../clock.ts';
import { events } from '../objects/resources.ts';
import type { Store } from '../objects/store.ts';
import type { EventObject, KubeObject } from '../objects/types.ts';

export interface EventSource {
  readonly component: string;
  readonly host?: string;
}

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** `spec.containers{main}`. */
  readonly fieldPath?: string;
}

/** Writes events; one that is said again only counts up. */
export class EventRecorder {
  readonly #store: Store;
  readonly #registry: Registry;
  readonly #clock: ClusterClock;

  constructor(store: Store, registry: Registry, clock: ClusterClock) {
    this.#store = store;
    this.#registry = registry;
    this.#clock = clock;
  }

  record(source: EventSource, about: KubeObject, { type, reason, message, fieldPath }: EventText): void {
    const { name, uid, resourceVersion } = about.metadata;
    const namespace = about.metadata.namespace ?? 'default';
    const id = createHash('sha1')
      .update([uid, source.component, source.host ?? '', type, reason, message, fieldPath ?? ''].join('\n'))
      .digest('hex')
      .slice(0, 16);
    const now = this.#clock.seconds();
    const eventName = `${name}.${id}`;
    const known = this.#store.get(events, namespace, eventName);
    if (known !== undefined) {
      this.#registry.mutate(events, known, (draft) => {
        draft.count = (draft.count ?? 1) + 1;
        draft.lastTimestamp = now;
      });
      return;
    }
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: eventName, namespace },
      involvedObject: {
        kind: about.kind,
        ...(about.metadata.namespace === undefined ? {} : { namespace }),
        name,
        uid,
        apiVersion: about.apiVersion,
        resourceVersion,
        ...(fieldPath === undefined ? {} : { fieldPath }),
      },
      reason,
      message,
      source,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type,
      eventTime: null,
      reportingComponent: source.component,
      reportingInstance: source.host ?? '',
    };
    try {
      this.#registry.create(events, namespace, event as unknown as EventObject);
    } catch {
      // A namespace that is being deleted takes no events.
    }
  }
}
