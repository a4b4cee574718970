/** The most minutes that are kept open: more than it takes to look at them again. */
const mostOpen = 90;

export function minuteOf(second: number): number {
  return Math.floor(second / 60);
}

/**
 * How many entries of a log were handed out, by the minute in which Cloud Logging received them, of the minutes that are still to be
 * compared with what it lists later. Minutes are counted from 1970.
 */
export class OpenMinutes {
  readonly #counts: Map<number, number>;
  /** What is before it and not open was compared. */
  #closedBefore: number;
  /** The last minute that was open before reading went on, which nothing but comparing closes. */
  readonly #resumedAt: number;
  /** Before which minute all was compared then, while others of then are open. */
  #resumedFrom: number;
  #isCaughtUp = false;
  #isBehind = false;

  constructor(counts: Iterable<readonly [number, number]> = [], closedBefore = 0) {
    this.#counts = new Map(counts);
    this.#closedBefore = closedBefore;
    this.#resumedAt = Math.max(-1, ...this.#counts.keys());
    this.#resumedFrom = this.#counts.size === 0 ? Number.POSITIVE_INFINITY : closedBefore;
  }

  /** The first that is to be compared. None may be open then: an entry that was received in it may show itself late. */
  get first(): number {
    return Math.min(this.#closedBefore, this.#resumedFrom, ...this.#counts.keys());
  }

  get closedBefore(): number {
    return this.#closedBefore;
  }

  /** True once a minute went by that was not compared. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  get counts(): readonly [number, number][] {
    return [...this.#counts];
  }

  /** An entry that was received in that minute was handed out. */
  add(minute: number): void {
    const count = this.#counts.get(minute);
    if (count !== undefined || minute >= this.#closedBefore) {
      this.#counts.set(minute, (count ?? 0) + 1);
    }
    if (this.#counts.size > mostOpen) {
      const droppable = [...this.#counts.keys()].filter((each) => this.#isCaughtUp || each > this.#resumedAt);
      const dropped = Math.min(...droppable);
      this.#counts.delete(dropped);
      this.#closedBefore = Math.max(this.#closedBefore, dropped + 1);
      this.#isBehind ||= this.#isCaughtUp;
    }
  }

  /** All there was has been read: what was that old by then needs no comparing. */
  trust(before: number): void {
    this.#isCaughtUp = true;
    for (const minute of this.#counts.keys()) {
      if (minute > this.#resumedAt && minute < before) {
        this.#counts.delete(minute);
      }
    }
    this.#closedBefore = Math.max(this.#closedBefore, before);
  }

  /** Closes the minutes before that one; returns how many more entries of them are listed than were handed out. */
  close(before: number, listed: ReadonlyMap<number, number>): number {
    let missing = 0;
    for (const [minute, count] of this.#counts) {
      if (minute < before) {
        missing += Math.max(0, (listed.get(minute) ?? 0) - count);
        this.#counts.delete(minute);
      }
    }
    this.#closedBefore = Math.max(this.#closedBefore, before);
    this.#resumedFrom = Number.POSITIVE_INFINITY;
    return missing;
  }
}
