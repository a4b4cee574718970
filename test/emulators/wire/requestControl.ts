import type { FaultPlan, PlannedFault } from './faults.ts';

/** What a test can do to the requests that reach an emulator, and ask about them. */
export class RequestControl<Info, Match, Failure> {
  readonly #faults: FaultPlan<Info, Match, Failure>;

  constructor(faults: FaultPlan<Info, Match, Failure>) {
    this.#faults = faults;
  }

  addFault(fault: PlannedFault<Match, Failure>): void {
    this.#faults.add(fault);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  /** Requests that have arrived, the oldest first. */
  get requests(): readonly Info[] {
    return this.#faults.requests;
  }

  /** Of those that match; of all where it is not said which. */
  countRequests(match?: Match): number {
    return match === undefined ? this.requests.length : this.#faults.count(match);
  }

  /** Resolves when one more request that matches has arrived. */
  async nextRequest(match: Match): Promise<void> {
    await this.#faults.nextArrival(match);
  }
}
