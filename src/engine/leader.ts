import { type Disposable, Emitter, type Event } from '../core/event.ts';
import type { Clock, Logger } from '../core/ports.ts';
import { explain } from './errorNote.ts';

/** The part of the store that the lease needs. */
export interface Leases {
  acquireLease(name: string, forMs: number): boolean;
  releaseLease(name: string): void;
}

export interface LeaderDeps {
  readonly leases: Leases;
  readonly clock: Clock;
  readonly logger: Logger;
}

const leaseName = 'leader';
/** A dead leader's lease runs out after this long, in ms, so another takes over within 5 s. */
const leaseMs = 3_500;
const renewMs = 1_000;

/** One of all windows leads: it polls the providers and follows the logs, the others read what it writes. */
export class Leader implements Disposable {
  readonly #deps: LeaderDeps;
  readonly #changed = new Emitter<boolean>();
  readonly #problemChanged = new Emitter<string | null>();
  #problem: string | null = null;
  readonly #timer: NodeJS.Timeout;
  #leaseUntil = 0;
  #leading = false;

  constructor(deps: LeaderDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => {
      this.renew();
    }, renewMs);
    this.#timer.unref();
  }

  get onDidChange(): Event<boolean> {
    return this.#changed.event;
  }

  /** Why the store cannot be written, in plain words; null while it can. */
  get problem(): string | null {
    return this.#problem;
  }

  get onDidChangeProblem(): Event<string | null> {
    return this.#problemChanged.event;
  }

  /** False as soon as the lease ran out, even if nobody noticed yet: after sleep this process must not act on it. */
  get isLeader(): boolean {
    const now = this.#deps.clock.now();
    return this.#leading && now < this.#leaseUntil && now > this.#leaseUntil - 2 * leaseMs;
  }

  /** Takes or renews the lease now. */
  renew(): void {
    const asked = this.#deps.clock.now();
    try {
      const acquired = this.#deps.leases.acquireLease(leaseName, leaseMs);
      this.#leaseUntil = acquired ? asked + leaseMs : 0;
      this.#setProblem(null);
      this.#lead(acquired, 'another window watches the jobs');
    } catch (error) {
      this.#setProblem(explain(error).reason);
      // What was acquired before is valid until it runs out.
      this.#lead(this.isLeader, 'the jobs are not watched from here until the lease can be renewed');
    }
  }

  #lead(leading: boolean, otherwise: string): void {
    if (leading === this.#leading) {
      return;
    }
    this.#leading = leading;
    this.#deps.logger.info(leading ? 'this window now watches the jobs' : otherwise);
    this.#tell(this.#changed, leading);
  }

  #setProblem(problem: string | null): void {
    if (problem === this.#problem) {
      return;
    }
    this.#problem = problem;
    if (problem === null) {
      this.#deps.logger.info('the list of jobs can be written again');
    } else {
      this.#deps.logger.warn(`the lease could not be renewed: ${problem}`);
    }
    this.#tell(this.#problemChanged, problem);
  }

  #tell<T>(emitter: Emitter<T>, value: T): void {
    try {
      emitter.fire(value);
    } catch (error) {
      this.#deps.logger.error('a listener to the lease failed', error);
    }
  }

  dispose(): void {
    clearInterval(this.#timer);
    if (this.#leading) {
      this.#leading = false;
      try {
        this.#deps.leases.releaseLease(leaseName);
      } catch (error) {
        this.#deps.logger.warn('the lease could not be given back', error);
      }
    }
    this.#changed.dispose();
    this.#problemChanged.dispose();
  }
}
