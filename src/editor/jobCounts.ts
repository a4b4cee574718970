import type { Clock, KeyValue } from '../core/ports.ts';
import type { Engine } from '../engine/engine.ts';

export interface Counts {
  readonly running: number;
  readonly waiting: number;
  /** Since the Jobs view was last looked at. */
  readonly failed: number;
}

export interface JobCountsDeps {
  readonly clock: Clock;
  readonly memory: KeyValue;
  /** Whether the Jobs view can be seen now. */
  readonly looking: () => boolean;
  readonly show: (counts: Counts) => void;
}

const lastLookKey = 'lastLook';

/** What the badge and the status bar say. */
export class JobCounts {
  readonly #deps: JobCountsDeps;
  #store: Engine['store'] | undefined;
  #subscription: { dispose(): void } | undefined;

  constructor(deps: JobCountsDeps) {
    this.#deps = deps;
  }

  attach(engine: Pick<Engine, 'store' | 'onDidChange'>): void {
    this.#store = engine.store;
    this.#subscription = engine.onDidChange(() => {
      this.refresh();
    });
    this.refresh();
  }

  /** Counts again, also when the Jobs view comes and goes: failures that were in sight count no more. */
  refresh(): void {
    const store = this.#store;
    if (store === undefined) {
      return;
    }
    const { clock, memory, looking, show } = this.#deps;
    let failed = store.countFailedSince(Number(memory.get(lastLookKey) ?? 0));
    if (looking() && failed > 0) {
      failed = 0;
      void memory.set(lastLookKey, String(clock.now()));
    }
    show({ running: store.count({ groups: ['running'] }), waiting: store.count({ groups: ['waiting'] }), failed });
  }

  dispose(): void {
    this.#subscription?.dispose();
  }
}
