import type { LogContent } from './logContent.ts';
import type { ReadingPlace } from './readingPlace.ts';
import { rowsInSight, type Viewport } from './viewport.ts';

export interface RowFetchingDeps {
  readonly content: LogContent;
  readonly place: ReadingPlace;
  readonly draw: () => void;
}

/** A person who did not jump for so long, in ms, stays where they are. */
const restsAfter = 150;
/** Rows that come before they are in sight are asked for by so many: a message in each frame would hold up those that are in sight. */
const fetchedAhead = 512;

/** Decides which rows are asked for when: those in sight, and those that may come in sight next. */
export class RowFetching {
  readonly #deps: RowFetchingDeps;
  #resting: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: RowFetchingDeps) {
    this.#deps = deps;
  }

  /** The place is another: at once and not with the next frame, until which they may be there. */
  moved(viewport: Viewport): void {
    const { content, place } = this.#deps;
    if (!place.isFollowing && !this.#isSoonPassed(viewport)) {
      const top = Math.floor(place.top);
      content.want(top, top + rowsInSight(viewport) + 2);
    }
  }

  /**
   * With each frame; the rows from `first` to `last`, exclusive, are drawn in it. After a jump no others are asked for until the person
   * rests there or goes on: they would be before those of the next jump.
   */
  fetch(first: number, last: number, viewport: Viewport): void {
    const { content, draw, place } = this.#deps;
    if (!this.#isSoonPassed(viewport)) {
      content.want(first, last);
    }
    if (place.isJumping) {
      content.expect([]);
      clearTimeout(this.#resting);
      this.#resting = setTimeout(() => {
        this.#resting = undefined;
        draw();
      }, restsAfter);
    } else if (this.#resting === undefined || place.isMoving) {
      this.#fetchAhead(first, last);
    }
  }

  /** What is in sight will be passed before it could come, if the person goes on. */
  #isSoonPassed(viewport: Viewport): boolean {
    const { content, place } = this.#deps;
    return place.passedIn(content.delay) > rowsInSight(viewport);
  }

  /** First what may be in sight once it is there, then what will have been passed if the person goes on, then what is behind. */
  #fetchAhead(first: number, last: number): void {
    const { content, place } = this.#deps;
    const [before, after] = place.reach;
    const passed = place.passedIn(content.delay);
    const from = before === 0 ? first : Math.floor((place.top - before) / fetchedAhead) * fetchedAhead;
    const to = after === 0 ? last : Math.ceil((last + after) / fetchedAhead) * fetchedAhead;
    const [above, below] = before > after ? [first - passed, last] : [first, last + passed];
    const upwards = [
      { from, to: above, isUpwards: true },
      { from: above, to: first, isUpwards: true },
    ];
    const downwards = [
      { from: below, to, isUpwards: false },
      { from: last, to: below, isUpwards: false },
    ];
    content.expect(before > after ? [...upwards, ...downwards] : [...downwards, ...upwards]);
  }
}
