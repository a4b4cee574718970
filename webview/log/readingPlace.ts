import { clampTop, lastTop, type Viewport } from './viewport.ts';

/** Where a person reads: at the end, which moves along, or at a place that stays. */
export class ReadingPlace {
  #top = 0;
  #isFollowing = true;
  /** Rows there were when the end was left. */
  #seen = 0;
  #direction: 1 | -1 = -1;

  /** The row at the top, with fraction. */
  get top(): number {
    return this.#top;
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** 1: towards the end. */
  get direction(): 1 | -1 {
    return this.#direction;
  }

  follow(): void {
    this.#isFollowing = true;
    this.#direction = -1;
  }

  /** The rows stay where they are, whatever comes. */
  letGo(viewport: Viewport): void {
    if (this.#isFollowing) {
      this.#isFollowing = false;
      this.#seen = viewport.rows;
    }
  }

  goTo(viewport: Viewport, top: number): void {
    this.#direction = top >= this.#top ? 1 : -1;
    this.letGo(viewport);
    this.#top = clampTop(viewport, top);
  }

  /** By rows of one line. Down to the end means to follow it. */
  by(viewport: Viewport, rows: number): void {
    if (lastTop(viewport) === 0 && !viewport.isUneven) {
      return;
    }
    if (!viewport.isUneven && rows > 0 && this.#top + rows >= lastTop(viewport) - 0.01) {
      this.follow();
    } else {
      this.goTo(viewport, this.#top + rows);
    }
  }

  /** All rows moved, as there are more before them than were known. */
  shift(rows: number): void {
    this.#top += rows;
    this.#seen += rows;
  }

  /** To be called before each frame: the end may have moved. */
  settle(viewport: Viewport): void {
    this.#top = this.#isFollowing ? lastTop(viewport) : clampTop(viewport, this.#top);
  }

  /** Rows that came since the end was left. */
  unseen(rows: number): number {
    return this.#isFollowing ? 0 : Math.max(0, rows - this.#seen);
  }
}
