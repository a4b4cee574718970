import type { Registry } from '../api/registry.ts';
import type { ClusterClock } from '../clock.ts';
import type { Store } from '../objects/store.ts';
import type { Timers } from '../timers.ts';
import type { Timing } from '../timing.ts';
import type { EventRecorder } from './eventRecorder.ts';

/** What a part of the control plane, or a kubelet, works with. */
export interface ControlContext {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: ClusterClock;
  readonly timing: Timing;
  readonly timers: Timers;
  readonly events: EventRecorder;
}
