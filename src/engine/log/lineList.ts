/** Line numbers in order, added at the end as they are found. Four bytes each. */
export class LineList {
  #lines = new Uint32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** undefined beyond the end. */
  at(position: number): number | undefined {
    return position >= 0 && position < this.#length ? this.#lines[position] : undefined;
  }

  slice(from: number, to: number): readonly number[] {
    return [...this.#lines.subarray(from, Math.min(to, this.#length))];
  }

  /** `lines` are in order and come after all that are there. */
  push(lines: Uint32Array): void {
    if (this.#length + lines.length > this.#lines.length) {
      const grown = new Uint32Array(Math.max(this.#lines.length * 2, this.#length + lines.length));
      grown.set(this.#lines.subarray(0, this.#length));
      this.#lines = grown;
    }
    this.#lines.set(lines, this.#length);
    this.#length += lines.length;
  }

  /** Leaves out `line` and all that come after it. */
  cut(line: number): void {
    this.#length = this.countBefore(line);
  }

  /** The lines that are in both. */
  common(other: LineList): LineList {
    const both = new Uint32Array(Math.min(this.#length, other.#length));
    let count = 0;
    for (let at = 0, there = 0; at < this.#length && there < other.#length;) {
      const line = this.#lines[at] ?? 0;
      const otherLine = other.#lines[there] ?? 0;
      if (line === otherLine) {
        both[count] = line;
        count += 1;
      }
      at += line <= otherLine ? 1 : 0;
      there += line >= otherLine ? 1 : 0;
    }
    const list = new LineList();
    list.push(both.subarray(0, count));
    return list;
  }

  /** How many of the lines come before `line`: the position of the first that does not. */
  countBefore(line: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#lines[middle] ?? 0) < line) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Of `steps` equal parts of the lines 0 to `total`, those that have any of these, in order. */
  spread(total: number, steps: number): readonly number[] {
    const found: number[] = [];
    if (total <= 0) {
      return found;
    }
    for (let step = 0; step < steps; step += 1) {
      const first = Math.ceil((step * total) / steps);
      const next = this.at(this.countBefore(first));
      if (next === undefined) {
        break;
      }
      const at = Math.floor((next * steps) / total);
      step = Math.max(step, at);
      if (step < steps) {
        found.push(step);
      }
    }
    return found;
  }
}
