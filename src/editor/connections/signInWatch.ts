import type { ConnectionId, EpochMs } from '../../core/job.ts';
import type { Clock } from '../../core/ports.ts';
import type { ConnectionInfo } from '../../engine/connections.ts';
import { warnBefore } from './connectionRow.ts';
import type { ConnectionHealth } from './connectionHealth.ts';

export interface SignInWatchDeps {
  readonly health: Pick<ConnectionHealth, 'of' | 'onDidChange'>;
  readonly list: () => readonly ConnectionInfo[];
  readonly clock: Clock;
  /** How many jobs there have not ended. */
  readonly liveJobs: (id: ConnectionId) => Promise<number>;
  /** True for the first to ask about this end of this sign-in, in whichever window. */
  readonly isFirst: (id: ConnectionId, expiresAt: EpochMs) => Promise<boolean>;
  readonly tell: (info: ConnectionInfo, minutes: number, jobs: number) => void;
  /** A row may have to be drawn in another colour. */
  readonly due: () => void;
}

/** Longest that a timer may run, in ms; it looks again then. */
const longestTimer = 3_600_000;

/** Tells once, before a sign-in ends that a job depends on. It asks no provider: what `health` knows has to do. */
export class SignInWatch {
  readonly #deps: SignInWatchDeps;
  readonly #subscription: { dispose(): void };
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: SignInWatchDeps) {
    this.#deps = deps;
    this.#subscription = deps.health.onDidChange(() => {
      this.#look();
    });
  }

  #look(): void {
    const { health, list, clock } = this.#deps;
    const now = clock.now();
    let next = longestTimer;
    for (const info of list()) {
      const expiresAt = health.of(info.id).identity?.expiresAt ?? null;
      const left = expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt - now;
      if (expiresAt !== null && left > 0 && left <= warnBefore) {
        void this.#warn(info, expiresAt, Math.ceil(left / 60_000));
      } else if (left > warnBefore) {
        next = Math.min(next, left - warnBefore);
      }
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#deps.due();
      this.#look();
    }, next).unref();
  }

  async #warn(info: ConnectionInfo, expiresAt: EpochMs, minutes: number): Promise<void> {
    const { liveJobs, isFirst, tell } = this.#deps;
    const jobs = await liveJobs(info.id).catch(() => 0);
    if (jobs > 0 && (await isFirst(info.id, expiresAt).catch(() => false))) {
      tell(info, minutes, jobs);
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscription.dispose();
  }
}
