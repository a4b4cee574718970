/** The row the keyboard is at, and the rows selected from where a selection began up to it. By row, not by element: they need not be loaded. */
export class RowSelection {
  #cursor: number | null = null;
  #anchor: number | null = null;

  get cursor(): number | null {
    return this.#cursor;
  }

  /** First and last, both included; null when nothing is selected. */
  get range(): readonly [number, number] | null {
    return this.#anchor === null || this.#cursor === null
      ? null
      : [Math.min(this.#anchor, this.#cursor), Math.max(this.#anchor, this.#cursor)];
  }

  put(row: number): void {
    this.#cursor = row;
    this.#anchor = null;
  }

  /** `start` is where it begins unless something is selected or the cursor is somewhere. */
  extend(row: number, start: number): void {
    this.#anchor ??= this.#cursor ?? start;
    this.#cursor = row;
  }

  select(from: number, to: number): void {
    this.#anchor = from;
    this.#cursor = to;
  }

  clear(): void {
    this.#cursor = null;
    this.#anchor = null;
  }

  shift(rows: number): void {
    this.#cursor = this.#cursor === null ? null : this.#cursor + rows;
    this.#anchor = this.#anchor === null ? null : this.#anchor + rows;
  }
}
