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
 * its last version; of a very long one the first `maxBytes` are kept (less what would cut a character) and the rest is counted.
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

  /** The line that has no end yet; undefined when nothing of it can be shown. */
  get partial(): SplitLine | undefined {
    const line = this.#line(true);
    return line.text === '' && line.cutBytes === 0 ? undefined : line;
  }

  #extend(bytes: Uint8Array): void {
    let end = bytes.byteLength;
    while (end > 0 && bytes[end - 1] === carriageReturn) {
      end -= 1;
    }
    if (end > 0) {
      const last = bytes.lastIndexOf(carriageReturn, end - 1);
      if (this.#returned || last !== -1) {
        this.#begin();
      }
      this.#keep(bytes.subarray(last + 1, end));
    }
    this.#returned ||= end < bytes.byteLength;
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

  /** Of a line that still grows, a character that is not all there yet is left out. */
  #line(growing: boolean): SplitLine {
    const kept = Buffer.concat(this.#kept);
    const start = this.#cutStart ? firstCharacter(kept) : 0;
    const cut = this.#cutBytes > 0;
    const end = cut || growing ? lastCharacterEnd(kept) : kept.byteLength;
    return {
      text: decoder.decode(kept.subarray(start, end)),
      cutBytes: cut ? this.#cutBytes + kept.byteLength - end : 0,
      cutStart: this.#cutStart,
    };
  }

  #take(): SplitLine {
    const line = this.#line(false);
    this.#begin();
    return line;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Skips the rest of a character that began before. */
function firstCharacter(bytes: Uint8Array): number {
  let start = 0;
  while (start < 3 && isContinuation(bytes[start])) {
    start += 1;
  }
  return start;
}

/** Leaves out a character at the end that is not whole. */
function lastCharacterEnd(bytes: Uint8Array): number {
  let lead = bytes.byteLength - 1;
  while (lead >= 0 && bytes.byteLength - lead < 4 && isContinuation(bytes[lead])) {
    lead -= 1;
  }
  const first = bytes[lead] ?? 0;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return lead >= 0 && lead + length > bytes.byteLength ? lead : bytes.byteLength;
}
