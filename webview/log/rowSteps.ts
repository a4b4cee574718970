import type { LogContent } from './logContent.ts';
import type { RowSelection } from './rowSelection.ts';
import type { RowsScroller } from './rowsScroller.ts';
import { spokenRow } from './spokenRow.ts';
import { rowsInSight } from './viewport.ts';

export interface RowStepsDeps {
  readonly content: LogContent;
  readonly scroller: RowsScroller;
  readonly selection: RowSelection;
  /** For a screen reader. */
  readonly say: (text: string) => void;
}

/** How a person goes from row to row with keys, with and without selecting. */
export class RowSteps {
  readonly #deps: RowStepsDeps;
  /** To be said once it is there. */
  #unsaid: number | null = null;

  constructor(deps: RowStepsDeps) {
    this.#deps = deps;
  }

  /** Where a step to the next begins: the cursor, else what is in sight. */
  here(backward: boolean): number {
    const { content, scroller, selection } = this.#deps;
    const first = Math.floor(scroller.place.top);
    const last = first + rowsInSight(scroller.viewport);
    if (selection.cursor !== null) {
      return selection.cursor;
    }
    if (scroller.place.isFollowing) {
      return content.rows;
    }
    return backward ? Math.min(content.rows, last) : first - 1;
  }

  start(): void {
    this.#deps.selection.clear();
    this.#deps.scroller.goTo(0);
  }

  page(pages: number): void {
    const { scroller, selection } = this.#deps;
    selection.clear();
    scroller.scrollBy(Math.round(pages * this.#rowsOfPage) * scroller.layer.rowHeight);
  }

  scroll(rows: number): void {
    const { scroller } = this.#deps;
    scroller.scrollBy(rows * scroller.layer.rowHeight);
  }

  /** Moves the cursor, which begins at the edge of what is in sight. */
  move(rows: number): void {
    const { cursor } = this.#deps.selection;
    this.#cursorTo(cursor === null ? this.#firstCursor(rows) : cursor + rows, false);
  }

  /** Moves the cursor and selects what is between; `pages`: by what fits on the screen. */
  extend(rows: number, pages: number): void {
    const by = rows + pages * this.#rowsOfPage;
    this.#cursorTo((this.#deps.selection.cursor ?? this.#firstCursor(by)) + by, true);
  }

  extendTo(edge: 'start' | 'end'): void {
    this.#cursorTo(edge === 'start' ? 0 : this.#deps.scroller.viewport.rows - 1, true);
  }

  selectAll(): void {
    const { content, scroller, selection } = this.#deps;
    selection.select(0, Math.max(0, content.rows - 1));
    scroller.letGo();
  }

  /** Puts the cursor on a row, and the row in sight: in the middle unless it is there already. */
  goTo(row: number): void {
    const { scroller, selection } = this.#deps;
    const { viewport } = scroller;
    const wanted = Math.min(Math.max(0, row), Math.max(0, viewport.rows - 1));
    selection.put(wanted);
    const top = Math.floor(scroller.place.top);
    if (wanted < top + 1 || wanted >= top + rowsInSight(viewport) - 1 || viewport.isUneven) {
      scroller.goTo(wanted - rowsInSight(viewport) / 2);
    } else {
      scroller.letGo();
    }
    this.#sayRow(wanted);
    scroller.draw();
  }

  get #rowsOfPage(): number {
    return Math.max(1, rowsInSight(this.#deps.scroller.viewport) - 1);
  }

  #firstCursor(towards: number): number {
    const { viewport, place } = this.#deps.scroller;
    const top = Math.ceil(place.top);
    return place.isFollowing || towards < 0 ? Math.min(viewport.rows, top + rowsInSight(viewport)) - 1 : top;
  }

  #cursorTo(row: number, isExtending: boolean): void {
    const { scroller, selection } = this.#deps;
    const { viewport } = scroller;
    const wanted = Math.min(Math.max(0, row), Math.max(0, viewport.rows - 1));
    if (isExtending) {
      document.getSelection()?.removeAllRanges();
      selection.extend(wanted, this.#firstCursor(1));
    } else {
      selection.put(wanted);
    }
    const element = scroller.layer.elementOf(wanted)?.getBoundingClientRect();
    const area = scroller.element.getBoundingClientRect();
    if (scroller.place.isFollowing && viewport.isUneven) {
      scroller.goTo(scroller.layer.topInSight);
    }
    if (wanted < scroller.place.top) {
      scroller.goTo(wanted);
    } else if (viewport.isUneven && element !== undefined && element.bottom > area.top + viewport.height) {
      scroller.goTo(scroller.layer.walk(scroller.place.top, element.bottom - area.top - viewport.height));
    } else if (wanted + 1 > scroller.place.top + viewport.height / viewport.rowHeight) {
      scroller.goTo(wanted + 1 - viewport.height / viewport.rowHeight);
    } else {
      scroller.letGo();
    }
    this.#sayRow(wanted);
  }

  #sayRow(row: number): void {
    this.#unsaid = row;
    this.sayArrived();
  }

  /** Says the row at the cursor if that was not there when the cursor came to it. */
  sayArrived(): void {
    const { content, say, selection } = this.#deps;
    const row = this.#unsaid === null ? undefined : content.row(this.#unsaid);
    if (this.#unsaid !== selection.cursor) {
      this.#unsaid = null;
    } else if (row !== undefined) {
      this.#unsaid = null;
      say(spokenRow(row));
    }
  }
}
