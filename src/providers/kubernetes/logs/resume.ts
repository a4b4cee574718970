import type { Position } from './position.ts';
import type { LinePart, Stamp } from './stampedLines.ts';

type Text = Extract<LinePart, { kind: 'text' }>;

/** What is to be handed out of a part, with where that leaves the reader; `null` when all of it was handed out before. */
export interface Resumed {
  readonly bytes: Buffer;
  readonly position: Position;
  /** The log no longer reaches back to where the reader was: what lay between is lost. */
  readonly gapBefore: { readonly from: Stamp; readonly to: Stamp } | null;
}

/**
 * Drops what was handed out before from a stream that begins somewhat earlier: `sinceTime` knows no fractions of a second, so
 * lines come again. What counts is the place in the file and not the clock: after the line where the reader stood everything is
 * new, even if the node's clock was set back.
 */
export class Resume {
  #position: Position;
  /** Where the reader stood; null once the stream has passed it. */
  #target: { readonly stamp: Stamp; readonly lines: number; readonly bytes: number } | null;
  #seenLines = 0;
  #hasSeenTarget = false;
  #skip = 0;

  constructor(position: Position) {
    this.#position = position;
    const { stamp, lines, bytes } = position;
    this.#target = stamp === null ? null : { stamp, lines, bytes };
  }

  get position(): Position {
    return this.#position;
  }

  /** The stream did not reach back to where the reader stood, as far as it went. */
  get isLost(): boolean {
    return this.#target !== null && !this.#hasSeenTarget;
  }

  take(part: Text): Resumed | null {
    const target = this.#target;
    if (target === null) {
      return this.#fresh(part, null);
    }
    if (part.stamp < target.stamp && !this.#hasSeenTarget) {
      return null;
    }
    if (part.stamp > target.stamp) {
      this.#target = null;
      const lost = this.#hasSeenTarget ? null : { from: target.stamp, to: part.stamp };
      return this.#fresh(part, lost);
    }
    this.#hasSeenTarget = true;
    if (part.startsLine) {
      this.#skip = this.#seenLines === target.lines ? target.bytes : 0;
    }
    if (this.#seenLines < target.lines) {
      this.#seenLines += part.endsLine ? 1 : 0;
      if (this.#seenLines === target.lines && target.bytes === 0) {
        this.#target = null;
      }
      return null;
    }
    // The line of which a part was handed out.
    const dropped = Math.min(this.#skip, part.bytes.length);
    this.#skip -= dropped;
    if (this.#skip === 0) {
      this.#target = null;
    }
    const bytes = part.bytes.subarray(dropped);
    return bytes.length === 0
      ? null
      : this.#fresh({ ...part, bytes, startsLine: dropped === 0 && part.startsLine }, null);
  }

  #fresh(part: Text, gapBefore: Resumed['gapBefore']): Resumed {
    const { stamp, since, lines, bytes } = this.#position;
    const isLater = stamp === null || part.stamp > stamp;
    const before = isLater ? 0 : lines;
    this.#position = {
      ...this.#position,
      stamp: isLater ? part.stamp : stamp,
      since: isLater || since === null || part.stamp < since ? part.stamp : since,
      lines: part.endsLine ? before + 1 : before,
      bytes: part.endsLine ? 0 : (!isLater && !part.startsLine ? bytes : 0) + part.bytes.length,
    };
    return { bytes: part.bytes, position: this.#position, gapBefore };
  }
}
