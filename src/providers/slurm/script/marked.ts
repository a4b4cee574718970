/** Noise of start-up files that is longer than this, in bytes, is no noise: the login shell does something else. */
const longestNoise = 1_048_576;

/** What follows the line `mark` in a stream of bytes; what precedes it is kept apart, as text, up to a length. */
export class Marked {
  readonly #mark: Buffer;
  #before: Buffer = Buffer.alloc(0);
  #seen = false;

  constructor(mark: string) {
    this.#mark = Buffer.from(`${mark}\n`);
  }

  get seen(): boolean {
    return this.#seen;
  }

  /** What came before the mark, or everything when there was none. */
  get before(): string {
    return this.#before.toString();
  }

  /** True when so much came without a mark that there will be none. */
  get isHopeless(): boolean {
    return !this.#seen && this.#before.length > longestNoise;
  }

  /** The part of a piece that lies behind the mark. */
  after(piece: Buffer): Buffer {
    if (this.#seen) {
      return piece;
    }
    if (this.isHopeless) {
      return Buffer.alloc(0);
    }
    const all = Buffer.concat([this.#before, piece]);
    const at = all.indexOf(this.#mark, Math.max(0, this.#before.length - this.#mark.length));
    if (at < 0) {
      this.#before = all;
      return Buffer.alloc(0);
    }
    this.#seen = true;
    this.#before = all.subarray(0, at);
    return all.subarray(at + this.#mark.length);
  }
}
