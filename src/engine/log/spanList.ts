import type { LineSpan } from './lineReplay.ts';

const perSpan = 4;
/** In place of a stream. */
const gapMarker = -1;

/** Where lines lie, in little room: of blocks that are remembered, and soon forgotten again, no thousands of objects outlive a collection. */
export class SpanList {
  /** Of each its stream, start, end and time, NaN where there is none; of a gap its number in place of the start. */
  readonly #numbers: Float64Array;

  constructor(spans: readonly LineSpan[]) {
    this.#numbers = new Float64Array(spans.length * perSpan);
    for (const [index, span] of spans.entries()) {
      const time = span.time ?? Number.NaN;
      const numbers = span.kind === 'gap' ? [gapMarker, span.gap, 0, time] : [span.stream, span.start, span.end, time];
      this.#numbers.set(numbers, index * perSpan);
    }
  }

  get length(): number {
    return this.#numbers.length / perSpan;
  }

  /** undefined beyond the end. */
  at(index: number): LineSpan | undefined {
    if (index < 0 || index >= this.length) {
      return undefined;
    }
    const [stream = 0, start = 0, end = 0, time = 0] = this.#numbers.subarray(index * perSpan, (index + 1) * perSpan);
    if (stream === gapMarker) {
      return { kind: 'gap', gap: start, time };
    }
    return { kind: 'line', stream, start, end, time: Number.isNaN(time) ? null : time };
  }

  /** Fewer where the list ends. */
  slice(from: number, to: number): readonly LineSpan[] {
    return Array.from({ length: Math.max(0, Math.min(to, this.length) - from) }, (_, index) =>
      this.at(from + index),
    ).filter((span) => span !== undefined);
  }
}
