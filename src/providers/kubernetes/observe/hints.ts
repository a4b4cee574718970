import type { Event } from '../model/event.ts';
import type { Workload } from '../model/kueue.ts';

/** What beside Jobs and pods explains why something waits. Asked for only when something does. */
export interface Hints {
  /** Newest last, by the name of what they are about. */
  readonly events: ReadonlyMap<string, readonly Event[]>;
  /** By the uid of the Job; null where Kueue is not there or may not be asked. */
  readonly workloads: ReadonlyMap<string, Workload> | null;
  /** Nodes that no longer answer. */
  readonly lostNodes: ReadonlySet<string>;
}

export const noHints: Hints = { events: new Map(), workloads: null, lostNodes: new Set() };
