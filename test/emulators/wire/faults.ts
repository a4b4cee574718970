/** What befalls a request. `Failure` is how the backend refuses. */
export type FaultKind<Failure> =
  /** The connection dies before anything was done. */
  | { readonly kind: 'loseRequest' }
  /** The connection dies after the work was done. */
  | { readonly kind: 'loseReply' }
  /** No answer ever; nothing is done. `onHeld` is called when the request has arrived. */
  | { readonly kind: 'hang'; readonly onHeld?: () => void }
  /** No answer ever, but the work is done; then `onHeld` is called. */
  | { readonly kind: 'hangAfterWork'; readonly onHeld?: () => void }
  | { readonly kind: 'delay'; readonly ms: number }
  /** The request arrives twice; the answer is that to the second. */
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'fail'; readonly error: Failure }
  /** Something that stands before the backend answers in its own words: a proxy, a load balancer, a portal. */
  | {
      readonly kind: 'answer';
      readonly code: number;
      readonly contentType: string;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The connection dies after that many bytes of the answer's body. */
  | { readonly kind: 'cut'; readonly afterBytes: number };

/** `Match` says which requests. */
export type PlannedFault<Match, Failure> = FaultKind<Failure> & {
  readonly on: Match;
  /** How many requests it befalls; 1 where it is not given. */
  readonly times?: number;
  /** How many matching requests go well before; 0 where it is not given. */
  readonly after?: number;
};

/** The faults that are still to come, and a record of the requests that arrived. */
export class FaultPlan<Info, Match, Failure> {
  #pending: PlannedFault<Match, Failure>[] = [];
  readonly requests: Info[] = [];
  readonly #arrivals = new Set<() => void>();
  readonly #isMatch: (match: Match, info: Info) => boolean;

  constructor(isMatch: (match: Match, info: Info) => boolean) {
    this.#isMatch = isMatch;
  }

  add(fault: PlannedFault<Match, Failure>): void {
    this.#pending.push(fault);
  }

  clear(): void {
    this.#pending = [];
  }

  count(match: Match): number {
    return this.requests.filter((info) => this.#isMatch(match, info)).length;
  }

  /** Waits until one more matching request has arrived than now. */
  async nextArrival(match: Match): Promise<void> {
    const before = this.count(match);
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.count(match) > before) {
          this.#arrivals.delete(look);
          resolve();
        }
      };
      this.#arrivals.add(look);
    });
  }

  /** Records a request and gives the fault that befalls it; the first that was planned goes first. */
  take(info: Info): PlannedFault<Match, Failure> | undefined {
    this.requests.push(info);
    const index = this.#pending.findIndex((fault) => this.#isMatch(fault.on, info));
    const fault = this.#pending[index];
    const isNow = fault !== undefined && (fault.after ?? 0) === 0;
    if (fault !== undefined) {
      const { after = 0, times = 1 } = fault;
      if (after > 0) {
        this.#pending[index] = { ...fault, after: after - 1 };
      } else if (times > 1) {
        this.#pending[index] = { ...fault, times: times - 1 };
      } else {
        this.#pending.splice(index, 1);
      }
    }
    for (const look of this.#arrivals) {
      look();
    }
    return isNow ? fault : undefined;
  }
}
