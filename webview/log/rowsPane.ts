import { t } from '../ui/l10n.ts';
import { DragSelection } from './dragSelection.ts';
import { RowSteps } from './rowSteps.ts';
import { RowSelection } from './rowSelection.ts';
import { RowsScroller, type RowsScrollerDeps } from './rowsScroller.ts';
import { Ruler } from './ruler.ts';
import { lastTop, rowsInSight, type Viewport } from './viewport.ts';

export interface RowsPaneDeps extends Pick<
  RowsScrollerDeps,
  'content' | 'look' | 'isApart' | 'isWrapped' | 'isUneven'
> {
  readonly open: (target: HTMLElement) => void;
  readonly expand: (row: number) => void;
  /** It is known what of the row is to be marked. */
  readonly isMarked: (row: number) => boolean;
  /** Nothing that is shown of a row is marked, although a match in it was gone to. */
  readonly isWithoutMatch: (row: number) => void;
  /** For a screen reader. */
  readonly say: (text: string) => void;
  readonly painted: () => void;
}

/** The rows of a log, and what a person does with them: goes from one to another, selects, opens. */
export class RowsPane {
  readonly element = document.createElement('div');
  readonly ruler: Ruler;
  readonly steps: RowSteps;
  readonly #deps: RowsPaneDeps;
  readonly #scroller: RowsScroller;
  readonly #newLines = document.createElement('button');
  readonly #selection = new RowSelection();
  readonly #drag: DragSelection;
  /** The match in this row is to be brought in sight, once it is drawn. */
  #matchIn: number | null = null;

  constructor(deps: RowsPaneDeps) {
    this.#deps = deps;
    this.#scroller = new RowsScroller({
      ...deps,
      selection: this.#selection,
      painting: (first, last) => {
        this.#keepSelection(first, last);
      },
      painted: (viewport) => {
        this.#showNewLines(viewport);
        this.#showMatch();
        this.ruler.fit();
        deps.painted();
      },
    });
    this.steps = new RowSteps({
      content: deps.content,
      scroller: this.#scroller,
      selection: this.#selection,
      say: deps.say,
    });
    this.ruler = new Ruler((share) => {
      const { viewport } = this.#scroller;
      this.#scroller.goTo(Math.floor(share * viewport.rows) - rowsInSight(viewport) / 2);
    });
    this.#drag = new DragSelection({
      area: this.#scroller.element,
      rowAt: (node) => this.#scroller.layer.rowAt(node),
      select: (from, to) => {
        this.#selection.select(from, to);
        this.#scroller.letGo();
      },
      scroll: (px) => this.#dragTo(px),
    });
    this.element.className = 'log-body';
    this.#newLines.type = 'button';
    this.#newLines.className = 'new-lines';
    this.#newLines.hidden = true;
    this.#newLines.addEventListener('click', () => {
      this.follow();
      this.focus();
    });
    this.element.append(this.#scroller.element, this.ruler.element, this.#newLines);
    this.#scroller.layer.element.addEventListener('click', (event) => {
      this.#click(event);
    });
    document.addEventListener('selectionchange', () => {
      const selection = document.getSelection();
      if (selection?.isCollapsed === false && this.#scroller.layer.element.contains(selection.anchorNode)) {
        this.#scroller.letGo();
      }
    });
  }

  get isFollowing(): boolean {
    return this.#scroller.place.isFollowing;
  }

  /** The row at the top, with fraction. */
  get top(): number {
    return this.#scroller.place.top;
  }

  get selection(): readonly [number, number] | null {
    return this.#selection.range;
  }

  get cursor(): number | null {
    return this.#selection.cursor;
  }

  focus(): void {
    this.#scroller.element.focus({ preventScroll: true });
  }

  /** Rows look different now. */
  forget(): void {
    this.#scroller.layer.forget();
    this.draw();
  }

  /** Some rows look different now. */
  redraw(rows: Iterable<number>): void {
    this.#scroller.layer.drop(rows);
    this.draw();
  }

  /** All rows are others now. */
  reset(): void {
    this.#selection.clear();
    this.forget();
  }

  /** Rows before the ones that were known became known. */
  shift(rows: number): void {
    this.#scroller.place.shift(rows);
    this.#selection.shift(rows);
    this.forget();
  }

  /** Shows the end, and what is added to it. */
  follow(): void {
    this.#selection.clear();
    this.#scroller.follow();
  }

  /** False when there was nothing to leave. */
  clearSelection(): boolean {
    const isAny = this.#selection.cursor !== null;
    this.#selection.clear();
    this.draw();
    return isAny;
  }

  /** As it was before: this row, with fraction, at the top, the cursor where it was. */
  restore(top: number, cursor: number | null): void {
    if (cursor !== null) {
      this.#selection.put(cursor);
    }
    this.#scroller.goTo(top);
  }

  /** Puts the cursor on a row and brings what is marked in it in sight, however far to the right or down it is. */
  goToMatch(row: number): void {
    this.steps.goTo(row);
    this.#matchIn = this.#selection.cursor;
  }

  #showMatch(): void {
    const row = this.#matchIn;
    if (row === null || row !== this.#selection.cursor) {
      this.#matchIn = null;
    } else if (this.#deps.content.row(row) !== undefined && this.#deps.isMarked(row)) {
      const element = this.#scroller.layer.elementOf(row);
      if (element === undefined || element.classList.contains('loading')) {
        // It is drawn together with the rows around it, which are on their way.
        return;
      }
      this.#matchIn = null;
      const found = element.querySelector('.found');
      if (found === null) {
        this.#deps.isWithoutMatch(row);
      } else {
        this.#scroller.bringInSight(found);
      }
    }
  }

  /** Opens the link of the row at the cursor, or all of the row. False when there is nothing to open. */
  openAtCursor(): boolean {
    const { cursor } = this.#selection;
    const element = cursor === null ? undefined : this.#scroller.layer.elementOf(cursor);
    const target = element?.querySelector<HTMLElement>('.target, .expand');
    if (cursor === null || target === null || target === undefined) {
      return false;
    }
    this.#press(target, cursor);
    return true;
  }

  letGo(): void {
    this.#scroller.letGo();
  }

  draw(): void {
    this.#scroller.draw();
  }

  #showNewLines(viewport: Viewport): void {
    const unseen = this.#scroller.place.unseen(viewport.rows);
    const allFit = viewport.rows * viewport.rowHeight <= viewport.height;
    const isAtEnd = allFit || (unseen === 0 && this.#scroller.place.top >= lastTop(viewport) - 0.01);
    this.#newLines.hidden = this.isFollowing || isAtEnd;
    this.#newLines.textContent = newLinesText(unseen);
  }

  /** The browser's selection ends where its elements do, so one that leaves the page goes on as a selection of rows. */
  #keepSelection(first: number, last: number): void {
    const native = document.getSelection();
    if (native === null || native.isCollapsed) {
      return;
    }
    const anchor = this.#scroller.layer.rowAt(native.anchorNode);
    const focus = this.#scroller.layer.rowAt(native.focusNode);
    const isLeaving = (row: number): boolean => row < first || row >= last;
    if (anchor !== null && focus !== null && (isLeaving(anchor) || isLeaving(focus))) {
      native.removeAllRanges();
      this.#selection.select(anchor, focus);
    }
  }

  /** Scrolls while a selection is drawn out beyond the edge; gives the row that is then at that edge. */
  #dragTo(px: number): number {
    this.#scroller.scrollBy(px);
    const { viewport, place } = this.#scroller;
    const edge = Math.floor(place.top) + (px < 0 ? 0 : rowsInSight(viewport));
    return Math.min(viewport.rows - 1, edge);
  }

  #click(event: MouseEvent): void {
    const at = event.target instanceof Element ? event.target : null;
    const row = this.#scroller.layer.rowAt(at);
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
      this.#selection.put(row);
      this.letGo();
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
