/** A finished or growing line as text. */
export interface SplitLine {
  readonly text: string;
  readonly cutBytes: number;
  readonly cutStart: boolean;
}

const newline = 10;
const carriageReturn = 13;

/**
 * Cuts the bytes of one stream into lines, however they were chunked. A line that rewrites itself with carriage returns keeps
 * its last version; of a very long one the first `maxBytes` are kept and the rest is counted.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #cutBytes = 0;
  #cutStart: boolean;
  /** A carriage return came last: it ends the line if a newline follows, else it begins the line anew. */
  #returned = false;

  /** `cutStart`: the first byte is not the first of its line. */
  constructor(maxBytes: number, cutStart: boolean) {
    this.#maxBytes = maxBytes;
    this.#cutStart = cutStart;
  }

  push(bytes: Uint8Array): readonly SplitLine[] {
    const lines: SplitLine[] = [];
    let from = 0;
    for (let end = bytes.indexOf(newline, from); end !== -1; end = bytes.indexOf(newline, from)) {
      this.#extend(bytes.subarray(from, end));
      lines.push(this.#take());
      from = end + 1;
    }
    this.#extend(bytes.subarray(from));
    return lines;
  }

  /** The line that has no end yet; undefined when there is none. */
  get partial(): SplitLine | undefined {
    return this.#keptBytes === 0 && this.#cutBytes === 0 && !this.#cutStart ? undefined : this.#line();
  }

  #extend(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) {
      return;
    }
    const body = bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes;
    const last = body.lastIndexOf(carriageReturn);
    if (this.#returned || last !== -1) {
      this.#begin();
    }
    this.#returned = body.byteLength < bytes.byteLength;
    this.#keep(body.subarray(last + 1));
  }

  #keep(bytes: Uint8Array): void {
    const room = Math.max(0, this.#maxBytes - this.#keptBytes);
    if (room > 0 && bytes.byteLength > 0) {
      const kept = bytes.slice(0, room);
      this.#kept.push(kept);
      this.#keptBytes += kept.byteLength;
    }
    this.#cutBytes += Math.max(0, bytes.byteLength - room);
  }

  #begin(): void {
    this.#kept = [];
    this.#keptBytes = 0;
    this.#cutBytes = 0;
    this.#cutStart = false;
    this.#returned = false;
  }

  #line(): SplitLine {
    return { text: new TextDecoder().decode(Buffer.concat(this.#kept)), cutBytes: this.#cutBytes, cutStart: this.#cutStart };
  }

  #take(): SplitLine {
    const line = this.#line();
    this.#begin();
    return line;
  }
}
