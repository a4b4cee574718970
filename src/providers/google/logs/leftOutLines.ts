/**
 * Lines that tail sessions have left out or that were ignored of them, all of which lists are expected to bring; counted from the first
 * on. What was left out before a look began is missing when that look has not brought so many.
 */
export class LeftOutLines {
  #count = 0;
  #found = 0;
  #reason = '';
  /** What the count was when the last look began. */
  #before = 0;

  /** The service has left out so many, in its own words. */
  add(count: number, reason: string): void {
    this.#count += count;
    this.#reason = reason;
  }

  /** Were ignored here. */
  ignore(count: number): void {
    this.#count += count;
  }

  /** So many of those that were ignored are not expected of a look any more. */
  forget(count: number): void {
    this.#found = Math.min(this.#found + count, this.#count);
  }

  /** A look begins. Returns how many were left out before the one before it: it has no excuse not to find those. */
  begin(): number {
    const before = this.#before;
    this.#before = this.#count;
    return before;
  }

  /** A look that began with `leftOut` has found so many new lines. Returns what to say where that is too little. */
  end(leftOut: number, found: number): string | null {
    this.#found = Math.min(this.#found + found, this.#count);
    const missing = leftOut - this.#found;
    if (missing <= 0) {
      return null;
    }
    this.#found = leftOut;
    const lines = missing === 1 ? '1 line' : `${missing} lines`;
    return `Cloud Logging left out ${lines} here (${this.#reason}) that could not be fetched afterwards`;
  }
}
