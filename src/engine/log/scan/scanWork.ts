import type { LogMark } from '../lineReplay.ts';

/** What was found between two marks, as it travels to another thread. */
export interface Looked<Found> {
  readonly found: Found;
  /** What of it is handed over rather than copied. */
  readonly transfer: readonly ArrayBuffer[];
}

/** What lies between two marks, and what is still to be done with it. */
export type Look<Found> = () => Promise<Looked<Found>>;

/**
 * How a goal is reached. Stretches of the log are looked at on any thread and in any order, each without knowing of others; what is
 * found is taken on one thread in the order of the log. So however the log is cut and whoever looks, the same comes out.
 */
export interface ScanWork<Found> {
  /** Reads what lies between two marks, into `room` as long as there is some. What comes back looks at it. */
  readonly read: (from: LogMark, to: LogMark, room: Buffer) => Promise<Look<Found>>;
  /** Gets what was found in each stretch, in order. `from`: where the stretch begins, `to`: where it ends. */
  readonly take: (found: Found, from: LogMark, to: LogMark) => Promise<void> | void;
  /** Tells what was taken and not told yet. */
  readonly flush: () => void;
  /** The log has ended, or is silent. */
  readonly finish: () => void;
}
