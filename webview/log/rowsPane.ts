import { visibleText } from '../../src/core/failure/visibleText.ts';
import type { LogRowView } from '../../src/protocol/logView.ts';
import { t } from '../ui/l10n.ts';
import { DragSelection } from './dragSelection.ts';
import type { LogContent } from './logContent.ts';
import { ReadingPlace } from './readingPlace.ts';
import type { RowLook } from './rowElement.ts';
import { RowLayer } from './rowLayer.ts';
import { RowSelection } from './rowSelection.ts';
import { Ruler } from './ruler.ts';
import { contentHeight, lastTop, rowsInSight, scrollTopOf, topOf, type Viewport } from './viewport.ts';

export interface RowsPaneDeps {
  readonly content: LogContent;
  readonly look: (row: LogRowView, index: number) => RowLook;
  readonly isWrapped: () => boolean;
  /** Some row was opened out, so that rows differ in height. */
  readonly isUneven: () => boolean;
  readonly open: (target: HTMLElement) => void;
  readonly expand: (row: number) => void;
  /** For a screen reader. */
  readonly say: (text: string) => void;
  readonly painted: () => void;
}

/** The rows of a log: what is in sight as elements, where the person reads, what is selected. */
export class RowsPane {
  readonly element = document.createElement('div');
  readonly ruler: Ruler;
  readonly #deps: RowsPaneDeps;
  readonly #scroller = document.createElement('div');
  readonly #spacer = document.createElement('div');
  readonly #newLines = document.createElement('button');
  readonly #layer = new RowLayer();
  readonly #place = new ReadingPlace();
  readonly #selection = new RowSelection();
  readonly #drag: DragSelection;
  #frame = 0;
  /** The scroller stands where it was put, not where a person moved it. */
  #scrollSet = -1;
  /** Where the rows begin in the viewer, in px. */
  #edge = 0;

  constructor(deps: RowsPaneDeps) {
    this.#deps = deps;
    this.ruler = new Ruler((share) => {
      this.#goTo(Math.floor(share * this.#viewport.rows) - rowsInSight(this.#viewport) / 2);
    });
    this.element.className = 'log-body';
    this.#scroller.className = 'log-scroller';
    this.#scroller.tabIndex = 0;
    this.#scroller.setAttribute('role', 'list');
    this.#scroller.setAttribute('aria-label', t('Log'));
    this.#spacer.className = 'log-spacer';
    this.#newLines.type = 'button';
    this.#newLines.className = 'new-lines';
    this.#newLines.hidden = true;
    this.#scroller.append(this.#layer.element, this.#spacer);
    this.element.append(this.#scroller, this.ruler.element, this.#newLines);
    this.#drag = new DragSelection({
      area: this.#scroller,
      rowAt: (node) => this.#layer.rowAt(node),
      select: (from, to) => {
        this.#place.letGo(this.#viewport);
        this.#selection.select(from, to);
        this.draw();
      },
      scroll: (px) => {
        this.#scrollBy(px);
        const { top } = this.#place;
        const last = this.#viewport.rows - 1;
        return Math.min(last, px < 0 ? Math.floor(top) : Math.floor(top) + rowsInSight(this.#viewport));
      },
    });
    this.#listen();
  }

  get isFollowing(): boolean {
    return this.#place.isFollowing;
  }

  get selection(): readonly [number, number] | null {
    return this.#selection.range;
  }

  get cursor(): number | null {
    return this.#selection.cursor;
  }

  /** Where a step to the next begins: the cursor, else what is in sight. */
  here(backward: boolean): number {
    const first = Math.floor(this.#place.top);
    const last = first + rowsInSight(this.#viewport);
    const { cursor } = this.#selection;
    if (cursor !== null) {
      return cursor;
    }
    if (this.isFollowing) {
      return this.#deps.content.rows;
    }
    return backward ? Math.min(this.#deps.content.rows, last) : first - 1;
  }

  focus(): void {
    this.#scroller.focus({ preventScroll: true });
  }

  /** Rows look different now. */
  forget(): void {
    this.#layer.forget();
    this.draw();
  }

  /** All rows are others now. */
  reset(): void {
    this.#selection.clear();
    this.forget();
  }

  /** Rows before the ones that were known became known. */
  shift(rows: number): void {
    this.#place.shift(rows);
    this.#selection.shift(rows);
    this.forget();
  }

  /** Shows the end, and what is added to it. */
  follow(): void {
    this.#place.follow();
    this.#selection.clear();
    this.draw();
  }

  start(): void {
    this.#selection.clear();
    this.#goTo(0);
  }

  page(pages: number): void {
    this.#selection.clear();
    this.#scrollBy(pages * Math.max(1, rowsInSight(this.#viewport) - 1) * this.#layer.rowHeight);
  }

  scrollRows(rows: number): void {
    this.#scrollBy(rows * this.#layer.rowHeight);
  }

  /** Moves the cursor, which begins at the edge of what is in sight. */
  move(rows: number): void {
    this.#cursorTo(this.#selection.cursor === null ? this.#firstCursor(rows) : this.#selection.cursor + rows, false);
  }

  /** Moves the cursor and selects what is between; `pages`: by what fits on the screen. */
  extend(rows: number, pages: number): void {
    const by = rows + pages * Math.max(1, rowsInSight(this.#viewport) - 1);
    this.#cursorTo((this.#selection.cursor ?? this.#firstCursor(by)) + by, true);
  }

  extendTo(edge: 'start' | 'end'): void {
    this.#cursorTo(edge === 'start' ? 0 : this.#viewport.rows - 1, true);
  }

  selectAll(): void {
    this.#place.letGo(this.#viewport);
    this.#selection.select(0, Math.max(0, this.#deps.content.rows - 1));
    this.draw();
  }

  /** False when there was nothing to leave. */
  clearSelection(): boolean {
    const isAny = this.#selection.cursor !== null;
    this.#selection.clear();
    this.draw();
    return isAny;
  }

  /** Puts the cursor on a row, and the row in sight: in the middle unless it is there already. */
  goToRow(row: number): void {
    const viewport = this.#viewport;
    const wanted = Math.min(Math.max(0, row), Math.max(0, viewport.rows - 1));
    this.#selection.put(wanted);
    const top = Math.floor(this.#place.top);
    if (wanted < top + 1 || wanted >= top + rowsInSight(viewport) - 1 || viewport.isUneven) {
      this.#goTo(wanted - rowsInSight(viewport) / 2);
    } else {
      this.#place.letGo(viewport);
    }
    this.#sayRow(wanted);
    this.draw();
  }

  /** Opens the link of the row at the cursor, or all of the row. False when there is nothing to open. */
  openAtCursor(): boolean {
    const { cursor } = this.#selection;
    const element = cursor === null ? undefined : this.#layer.elementOf(cursor);
    const target = element?.querySelector<HTMLElement>('.target, .expand');
    if (cursor === null || target === null || target === undefined) {
      return false;
    }
    this.#press(target, cursor);
    return true;
  }

  letGo(): void {
    this.#place.letGo(this.#viewport);
  }

  draw(): void {
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#paint();
      });
    }
  }

  get #viewport(): Viewport {
    return {
      rows: this.#deps.content.allRows,
      rowHeight: this.#layer.rowHeight,
      height: Math.max(1, this.#scroller.clientHeight),
      isUneven: this.#deps.isWrapped() || this.#deps.isUneven(),
    };
  }

  #paint(): void {
    const viewport = this.#viewport;
    const place = this.#place;
    place.settle(viewport);
    const top = Math.floor(place.top);
    const last = Math.min(viewport.rows, top + rowsInSight(viewport) + 2);
    // Where rows differ in height, those of the page before are drawn too: to scroll up to them is to know how tall they are.
    const first = viewport.isUneven ? Math.max(0, top - rowsInSight(viewport)) : top;
    const [before, after] = place.reach;
    this.#deps.content.want(first, last);
    this.#deps.content.want(top - before, last + after);
    this.#keepSelection(first, last);
    this.#spacer.style.height = `${contentHeight(viewport)}px`;
    this.#layer.element.style.height = `${viewport.height}px`;
    // Before the rows change: to move the scroller costs a layout of all that is new.
    this.#placeScroller(viewport);
    this.#show(first, last, viewport);
    if (viewport.isUneven && !place.isFollowing && (this.#layer.roomBelow(viewport.rows - 1) ?? 0) > 1) {
      place.follow();
      this.#show(first, last, viewport);
    }
    this.#showNewLines(viewport);
    this.#deps.painted();
  }

  #show(first: number, last: number, viewport: Viewport): void {
    const { content, isWrapped, look } = this.#deps;
    const rows = Array.from({ length: Math.max(0, last - first) }, (_, index) => content.row(first + index));
    this.#layer.element.style.setProperty('--digits', `${String(content.state?.lines ?? 0).length}ch`);
    this.#layer.show(first, rows, {
      isWrapped: isWrapped(),
      isUneven: viewport.isUneven,
      top: this.#place.top,
      atEnd: this.#place.isFollowing && lastTop(viewport) > 0,
      cursor: this.#selection.cursor,
      selection: this.#selection.range,
      look,
      total: viewport.rows,
    });
  }

  #placeScroller(viewport: Viewport): void {
    const wanted = Math.round(scrollTopOf(viewport, this.#place.top));
    if (Math.abs(this.#scroller.scrollTop - wanted) >= 1) {
      this.#scroller.scrollTop = wanted;
      this.#scrollSet = this.#scroller.scrollTop;
    }
  }

  #showNewLines(viewport: Viewport): void {
    const unseen = this.#place.unseen(viewport.rows);
    const isAtEnd = unseen === 0 && this.#place.top >= lastTop(viewport) - 0.01;
    this.#newLines.hidden = this.isFollowing || isAtEnd;
    this.#newLines.textContent = newLinesText(unseen);
  }

  /** The browser's selection ends where its elements do, so one that leaves the page goes on as a selection of rows. */
  #keepSelection(first: number, last: number): void {
    const native = document.getSelection();
    if (native === null || native.isCollapsed) {
      return;
    }
    const anchor = this.#layer.rowAt(native.anchorNode);
    const focus = this.#layer.rowAt(native.focusNode);
    const isLeaving = (row: number): boolean => row < first || row >= last;
    if (anchor !== null && focus !== null && (isLeaving(anchor) || isLeaving(focus))) {
      native.removeAllRanges();
      this.#selection.select(anchor, focus);
    }
  }

  #goTo(top: number): void {
    this.#place.goTo(this.#viewport, top);
    this.draw();
  }

  #scrollBy(px: number): void {
    const viewport = this.#viewport;
    if (viewport.isUneven) {
      const top = this.isFollowing ? this.#layer.topInSight : this.#place.top;
      if (!this.isFollowing || px < 0) {
        this.#place.goTo(viewport, this.#layer.walk(top, px));
      }
    } else {
      this.#place.by(viewport, px / viewport.rowHeight);
    }
    this.draw();
  }

  #firstCursor(towards: number): number {
    const viewport = this.#viewport;
    const top = Math.ceil(this.#place.top);
    return this.isFollowing || towards < 0 ? Math.min(viewport.rows, top + rowsInSight(viewport)) - 1 : top;
  }

  #cursorTo(row: number, isExtending: boolean): void {
    const viewport = this.#viewport;
    const wanted = Math.min(Math.max(0, row), Math.max(0, viewport.rows - 1));
    if (isExtending) {
      document.getSelection()?.removeAllRanges();
      this.#selection.extend(wanted, this.#firstCursor(1));
    } else {
      this.#selection.put(wanted);
    }
    const element = this.#layer.elementOf(wanted)?.getBoundingClientRect();
    const area = this.#scroller.getBoundingClientRect();
    if (this.isFollowing && viewport.isUneven) {
      this.#goTo(this.#layer.topInSight);
    }
    if (wanted < this.#place.top) {
      this.#goTo(wanted);
    } else if (viewport.isUneven && element !== undefined && element.bottom > area.top + viewport.height) {
      this.#goTo(this.#layer.walk(this.#place.top, element.bottom - area.top - viewport.height));
    } else if (wanted + 1 > this.#place.top + viewport.height / viewport.rowHeight) {
      this.#goTo(wanted + 1 - viewport.height / viewport.rowHeight);
    } else {
      this.#place.letGo(viewport);
      this.draw();
    }
    this.#sayRow(wanted);
  }

  #sayRow(row: number): void {
    this.#deps.say(visibleText(this.#deps.content.row(row)?.text ?? ''));
  }

  #listen(): void {
    this.#newLines.addEventListener('click', () => {
      this.follow();
      this.focus();
    });
    this.#scroller.addEventListener(
      'wheel',
      (event) => {
        if (event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
          return;
        }
        event.preventDefault();
        this.#scrollBy(event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : this.#layer.rowHeight));
      },
      { passive: false },
    );
    this.#scroller.addEventListener('scroll', () => {
      this.#scrolled();
    });
    this.#layer.element.addEventListener('click', (event) => {
      this.#click(event);
    });
    document.addEventListener('selectionchange', () => {
      const selection = document.getSelection();
      if (selection?.isCollapsed === false && this.#layer.element.contains(selection.anchorNode)) {
        this.letGo();
        this.draw();
      }
    });
    new ResizeObserver(() => {
      this.#keepRowsInPlace();
      this.ruler.draw();
      this.draw();
    }).observe(this.#scroller);
  }

  /** A bar that opens above covers rows and moves none. */
  #keepRowsInPlace(): void {
    const edge = this.element.offsetTop;
    if (!this.isFollowing && this.#edge !== edge) {
      this.#place.by(this.#viewport, (edge - this.#edge) / this.#layer.rowHeight);
    }
    this.#edge = edge;
  }

  /** A person moved the scroller, or the browser did. */
  #scrolled(): void {
    const { scrollTop } = this.#scroller;
    if (Math.abs(scrollTop - this.#scrollSet) < 1) {
      return;
    }
    this.#scrollSet = scrollTop;
    const viewport = this.#viewport;
    if (scrollTop >= contentHeight(viewport) - viewport.height - 1) {
      this.#place.follow();
      this.draw();
    } else {
      this.#goTo(topOf(viewport, scrollTop));
    }
  }

  #click(event: MouseEvent): void {
    const at = event.target instanceof Element ? event.target : null;
    const row = this.#layer.rowAt(at);
    const target = at?.closest<HTMLElement>('.target, .expand');
    if (this.#drag.isOfRows || row === null) {
      return;
    }
    if (target !== null && target !== undefined) {
      this.#press(target, row);
    } else if (event.shiftKey) {
      document.getSelection()?.removeAllRanges();
      this.#selection.extend(row, row);
      this.letGo();
    } else if (document.getSelection()?.isCollapsed !== false) {
      this.#selection.put(row);
      this.letGo();
    }
    this.draw();
  }

  #press(target: HTMLElement, row: number): void {
    if (target.classList.contains('expand')) {
      this.#deps.expand(row);
    } else {
      this.#deps.open(target);
    }
  }
}

function newLinesText(unseen: number): string {
  if (unseen === 0) {
    return t('Go to the end');
  }
  return unseen === 1 ? t('1 new line') : t('{0} new lines', unseen.toLocaleString());
}
