import { clampTop, lastTop, type Viewport } from './viewport.ts';

/** Rows to have ready, at least and at most, where the person is going; and behind who is going. */
const nearest = 512;
const farthest = 4_096;
const behind = 64;
/** For so many frames ahead rows are fetched: as long as an answer may take when the machine is busy. */
const framesAhead = 16;
/** So long a frame is taken to last at most, in ms: between two that are further apart the place rested. */
const longestFrame = 100;
/** Who passes more rows than this from one frame to the next sees none of them. */
const rush = 2_048;

/** Where a person reads: at the end, which moves along, or at a place that stays. */
export class ReadingPlace {
  #top = 0;
  #isFollowing = true;
  /** Rows there were when the end was left. */
  #seen = 0;
  /** Rows passed between the last two frames, negative towards the start. */
  #speed = 0;
  #settled = 0;
  #settledAt = 0;
  /** Rows passed in each ms between the last two frames. */
  #pace = 0;

  /** The row at the top, with fraction. */
  get top(): number {
    return this.#top;
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /**
   * How many rows before and after those in sight to have ready: more where the person is going, on both sides for who rests, and none
   * for who rushes past more than could be fetched.
   */
  get reach(): readonly [number, number] {
    if (this.#isFollowing || this.isJumping) {
      return [0, 0];
    }
    const ahead = Math.min(farthest, Math.max(nearest, framesAhead * Math.abs(this.#speed)));
    const back = this.isMoving ? behind : nearest;
    return this.#speed < 0 ? [ahead, back] : [back, ahead];
  }

  /** How many rows are passed in so many ms if the person goes on. */
  passedIn(ms: number): number {
    return this.isMoving && !this.#isFollowing ? Math.min(farthest / 2, Math.round(this.#pace * ms)) : 0;
  }

  /** Another place than in the frame before. */
  get isJumping(): boolean {
    return Math.abs(this.#speed) > rush;
  }

  /** Going on from the frame before, not merely by a row. */
  get isMoving(): boolean {
    return Math.abs(this.#speed) > 1 && !this.isJumping;
  }

  follow(): void {
    this.#isFollowing = true;
  }

  /** The rows stay where they are, whatever comes. */
  letGo(viewport: Viewport): void {
    if (this.#isFollowing) {
      this.#isFollowing = false;
      this.#seen = viewport.rows;
    }
  }

  goTo(viewport: Viewport, top: number): void {
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

  /** To be called before each frame: the end may have moved. `now`: in ms. */
  settle(viewport: Viewport, now: number): void {
    this.#top = this.#isFollowing ? lastTop(viewport) : clampTop(viewport, this.#top);
    this.#speed = this.#top - this.#settled || Math.sign(this.#speed);
    this.#settled = this.#top;
    this.#pace = Math.abs(this.#speed) / Math.min(longestFrame, Math.max(1, now - this.#settledAt));
    this.#settledAt = now;
  }

  /** Rows that came since the end was left. */
  unseen(rows: number): number {
    return this.#isFollowing ? 0 : Math.max(0, rows - this.#seen);
  }
}
