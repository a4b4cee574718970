import type { LogRowView } from '../../src/protocol/logView.ts';
import { t } from '../ui/l10n.ts';
import type { LogContent } from './logContent.ts';
import { ReadingPlace } from './readingPlace.ts';
import type { RowLook } from './rowElement.ts';
import { RowFetching } from './rowFetching.ts';
import { RowLayer } from './rowLayer.ts';
import type { RowSelection } from './rowSelection.ts';
import { contentHeight, rowsInSight, scrollTopOf, topOf, type Viewport } from './viewport.ts';

export interface RowsScrollerDeps {
  readonly content: LogContent;
  readonly selection: RowSelection;
  readonly look: (row: LogRowView, index: number) => RowLook;
  readonly isWrapped: () => boolean;
  /** Something is left out before a row, and this is to be seen. */
  readonly isApart: (index: number) => boolean;
  /** Some row was opened out, so that rows differ in height. */
  readonly isUneven: () => boolean;
  /** Told before each frame which rows stay, the last one excluded. */
  readonly painting: (first: number, last: number) => void;
  readonly painted: (viewport: Viewport) => void;
}

/** What was in sight stays for so long, in ms, while the rows that come next are on their way: mostly that is no longer than a frame. */
const staysInSight = 100;
/** At the right edge buttons may cover a line, in px. */
const besides = 140;

/** Scrolls through any number of rows, of which only those in sight are elements. */
export class RowsScroller {
  readonly element = document.createElement('div');
  readonly layer = new RowLayer();
  readonly place = new ReadingPlace();
  readonly #deps: RowsScrollerDeps;
  readonly #fetching: RowFetching;
  readonly #spacer = document.createElement('div');
  #frame = 0;
  /** Since some rows that should be in sight are not there. */
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #isWaiting = false;
  /** The scroller stands where it was put, not where a person moved it. */
  #scrollSet = -1;
  /** Where the rows begin in the viewer, in px. */
  #edge = 0;

  constructor(deps: RowsScrollerDeps) {
    this.#deps = deps;
    this.#fetching = new RowFetching({
      content: deps.content,
      place: this.place,
      draw: () => {
        this.draw();
      },
    });
    this.element.className = 'log-scroller';
    this.element.tabIndex = 0;
    this.element.setAttribute('role', 'list');
    this.element.setAttribute('aria-label', t('Log'));
    this.#spacer.className = 'log-spacer';
    this.element.append(this.layer.element, this.#spacer);
    this.element.addEventListener(
      'wheel',
      (event) => {
        this.#wheel(event);
      },
      { passive: false },
    );
    this.element.addEventListener('scroll', () => {
      this.#scrolled();
    });
    new ResizeObserver(() => {
      this.#keepRowsInPlace();
      this.draw();
    }).observe(this.element);
  }

  get viewport(): Viewport {
    return {
      rows: this.#deps.content.allRows,
      rowHeight: this.layer.rowHeight,
      height: Math.max(1, this.element.clientHeight),
      isUneven: this.#deps.isWrapped() || this.#deps.isUneven(),
    };
  }

  draw(): void {
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#paint();
      });
    }
  }

  follow(): void {
    this.place.follow();
    this.draw();
  }

  letGo(): void {
    this.place.letGo(this.viewport);
    this.draw();
  }

  /** Brings a row to the top. */
  goTo(top: number): void {
    const { viewport } = this;
    this.place.goTo(viewport, top);
    this.#fetching.moved(viewport);
    this.draw();
  }

  scrollBy(px: number): void {
    const { viewport } = this;
    if (viewport.isUneven) {
      const top = this.place.isFollowing ? this.layer.topInSight : this.place.top;
      if (!this.place.isFollowing || px < 0) {
        this.place.goTo(viewport, this.layer.walk(top, px));
      }
    } else {
      this.place.by(viewport, px / viewport.rowHeight);
    }
    this.#fetching.moved(viewport);
    this.draw();
  }

  /** Scrolls to a part of a row that is drawn. */
  bringInSight(part: Element): void {
    const { clientWidth, clientHeight, scrollLeft } = this.element;
    const area = this.element.getBoundingClientRect();
    const box = part.getBoundingClientRect();
    const [left, top] = [box.left - area.left, box.top - area.top];
    if (left < 0 || left + Math.min(box.width, clientWidth / 2) > clientWidth - besides) {
      const fromStart = scrollLeft + left;
      this.element.scrollLeft = fromStart + box.width < clientWidth - besides ? 0 : fromStart - clientWidth / 3;
    }
    if (top < 0 || top + box.height > clientHeight) {
      this.scrollBy(top - clientHeight / 2);
    }
  }

  #paint(): void {
    const { viewport, place } = this;
    place.settle(viewport, performance.now());
    const top = Math.floor(place.top);
    const last = Math.min(viewport.rows, top + rowsInSight(viewport) + 2);
    // Where rows differ in height, those of the page before are drawn too: to scroll up to them is to know how tall they are.
    const first = viewport.isUneven ? Math.max(0, top - rowsInSight(viewport)) : top;
    this.#fetching.fetch(first, last, viewport);
    this.#deps.painting(first, last);
    this.#spacer.style.height = `${contentHeight(viewport)}px`;
    this.layer.element.style.height = `${viewport.height}px`;
    // Before the rows change: to move the scroller costs a layout of all that is new.
    this.#placeScroller(viewport);
    if (!this.#waits(top, last)) {
      this.#show(first, last, viewport);
    }
    if (viewport.isUneven && !place.isFollowing && (this.layer.roomBelow(viewport.rows - 1) ?? 0) > 1) {
      place.follow();
      this.#show(first, last, viewport);
    }
    this.#deps.painted(viewport);
    if (place.isMoving && !place.isFollowing) {
      // To see whether it ended there.
      this.draw();
    }
  }

  /** Rows without their text would flash up, and to draw them takes time that those on their way need too. */
  #waits(top: number, last: number): boolean {
    const { content } = this.#deps;
    const { isFollowing, isJumping, isMoving } = this.place;
    if (Array.from({ length: last - top }, (_, index) => content.row(top + index)).every((row) => row !== undefined)) {
      clearTimeout(this.#waiting);
      this.#waiting = undefined;
      this.#isWaiting = false;
    } else if (!isFollowing && (isJumping || isMoving) && this.#waiting === undefined) {
      this.#isWaiting = true;
      this.#waiting = setTimeout(() => {
        this.#isWaiting = false;
        this.draw();
      }, staysInSight);
    }
    return this.#isWaiting;
  }

  #show(first: number, last: number, viewport: Viewport): void {
    const { content, isApart, isWrapped, look, selection } = this.#deps;
    const rows = Array.from({ length: Math.max(0, last - first) }, (_, index) => content.row(first + index));
    this.layer.element.style.setProperty('--digits', `${String(content.state?.lines ?? 0).length}ch`);
    this.layer.show(first, rows, {
      isWrapped: isWrapped(),
      isUneven: viewport.isUneven,
      top: this.place.top,
      atEnd: this.place.isFollowing,
      cursor: selection.cursor,
      selection: selection.range,
      look,
      isApart,
      total: viewport.rows,
    });
  }

  #placeScroller(viewport: Viewport): void {
    const wanted = Math.round(scrollTopOf(viewport, this.place.top));
    if (Math.abs(this.element.scrollTop - wanted) >= 1) {
      this.element.scrollTop = wanted;
      this.#scrollSet = this.element.scrollTop;
    }
  }

  #wheel(event: WheelEvent): void {
    if (event.ctrlKey || event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      return;
    }
    event.preventDefault();
    this.scrollBy(event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : this.layer.rowHeight));
  }

  /** A bar that opens above covers rows and moves none. */
  #keepRowsInPlace(): void {
    if (this.element.clientHeight === 0) {
      return;
    }
    const edge = this.element.getBoundingClientRect().top;
    if (!this.place.isFollowing && this.#edge !== edge) {
      this.place.by(this.viewport, (edge - this.#edge) / this.layer.rowHeight);
    }
    this.#edge = edge;
  }

  /** A person moved the scroller, or the browser did. */
  #scrolled(): void {
    const { scrollTop } = this.element;
    if (Math.abs(scrollTop - this.#scrollSet) < 1) {
      return;
    }
    this.#scrollSet = scrollTop;
    const { viewport } = this;
    if (scrollTop >= contentHeight(viewport) - viewport.height - 1) {
      this.follow();
    } else {
      this.goTo(topOf(viewport, scrollTop));
    }
  }
}
