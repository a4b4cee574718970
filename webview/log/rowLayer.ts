import type { LogRowView } from '../../src/protocol/logView.ts';
import { placeholder, rowElement, type RowLook } from './rowElement.ts';

export interface LayerLook {
  readonly isWrapped: boolean;
  readonly isUneven: boolean;
  /** The row at the top, with fraction. */
  readonly top: number;
  /** The last row stands at the bottom, whatever the heights of the rows. */
  readonly atEnd: boolean;
  readonly cursor: number | null;
  /** First and last row, both included. */
  readonly selection: readonly [number, number] | null;
  readonly look: (row: LogRowView, index: number) => RowLook;
  /** Something is left out before the row. */
  readonly isApart: (index: number) => boolean;
  /** Rows of the whole view. */
  readonly total: number;
}

interface Shown {
  readonly row: LogRowView | undefined;
  readonly element: HTMLElement;
}

/** The elements of the rows in sight. Those that stay in sight stay as they are, so that a selection in them holds. */
export class RowLayer {
  readonly element = document.createElement('div');
  readonly #rows = document.createElement('div');
  readonly #shown = new Map<number, Shown>();
  #rowHeight = 0;

  constructor() {
    this.element.className = 'log-layer';
    this.#rows.className = 'log-rows';
    this.element.append(this.#rows);
  }

  /** Of a row that takes one line, in px. */
  get rowHeight(): number {
    if (this.#rowHeight === 0) {
      const probe = placeholder();
      this.#rows.append(probe);
      this.#rowHeight = probe.getBoundingClientRect().height;
      probe.remove();
    }
    return this.#rowHeight || 18;
  }

  /** Rows look different now. */
  forget(): void {
    this.#shown.clear();
    this.#rows.replaceChildren();
    this.#rowHeight = 0;
  }

  /** Some rows look different now. */
  drop(rows: Iterable<number>): void {
    for (const row of rows) {
      this.#shown.get(row)?.element.remove();
      this.#shown.delete(row);
    }
  }

  show(first: number, rows: readonly (LogRowView | undefined)[], look: LayerLook): void {
    this.element.classList.toggle('wrap', look.isWrapped);
    this.element.classList.toggle('at-end', look.atEnd);
    for (const [index, shown] of this.#shown) {
      if (index < first || index >= first + rows.length || !isSame(shown.row, rows[index - first])) {
        shown.element.remove();
        this.#shown.delete(index);
      }
    }
    let next = this.#rows.firstElementChild;
    for (const [offset, row] of rows.entries()) {
      const index = first + offset;
      const { element } = this.#shown.get(index) ?? this.#make(index, row, look);
      if (element === next) {
        next = next.nextElementSibling;
      } else {
        this.#rows.insertBefore(element, next);
      }
      const isSelected = look.selection !== null && index >= look.selection[0] && index <= look.selection[1];
      element.classList.toggle('cursor', index === look.cursor);
      element.classList.toggle('selected', isSelected);
      element.classList.toggle('apart', look.isApart(index));
    }
    this.#place(look);
  }

  /** How far the end of the last row is above the bottom, in px; null when it is not drawn. */
  roomBelow(lastRow: number): number | null {
    const last = this.#shown.get(lastRow)?.element.getBoundingClientRect();
    return last === undefined ? null : this.element.getBoundingClientRect().bottom - last.bottom;
  }

  /** The row at the top as it is drawn, with fraction. */
  get topInSight(): number {
    const { top } = this.element.getBoundingClientRect();
    for (const [index, { element }] of [...this.#shown].toSorted(([one], [other]) => one - other)) {
      const box = element.getBoundingClientRect();
      if (box.bottom > top) {
        return index + Math.max(0, (top - box.top) / box.height);
      }
    }
    return 0;
  }

  /** The row that comes to the top when this one is at the top and the rows move up by so many px (down when negative). */
  walk(top: number, px: number): number {
    const heightOf = (row: number): number =>
      this.#shown.get(row)?.element.getBoundingClientRect().height || this.rowHeight;
    let row = Math.floor(top);
    let into = (top - row) * heightOf(row) + px;
    while (into < 0 && row > 0) {
      row -= 1;
      into += heightOf(row);
    }
    while (into >= heightOf(row)) {
      into -= heightOf(row);
      row += 1;
    }
    return row + Math.max(0, into) / heightOf(row);
  }

  /** The row that an element is part of. */
  rowAt(node: Node | null): number | null {
    const element = node instanceof Element ? node : (node?.parentElement ?? null);
    const index = element?.closest<HTMLElement>('.row')?.dataset['row'];
    return index === undefined ? null : Number(index);
  }

  elementOf(index: number): HTMLElement | undefined {
    return this.#shown.get(index)?.element;
  }

  #place({ atEnd, isUneven, top }: LayerLook): void {
    const first = Math.floor(top);
    const element = isUneven && !atEnd ? this.#shown.get(first)?.element : undefined;
    const hidden =
      element === undefined ? (top - first) * this.rowHeight : element.offsetTop + (top - first) * element.offsetHeight;
    this.#rows.style.transform = atEnd || hidden === 0 ? '' : `translateY(${-hidden}px)`;
  }

  #make(index: number, row: LogRowView | undefined, look: LayerLook): Shown {
    const element = row === undefined ? placeholder() : rowElement(row, look.look(row, index));
    element.dataset['row'] = String(index);
    element.id = `log-row-${index}`;
    element.setAttribute('aria-setsize', String(look.total));
    element.setAttribute('aria-posinset', String(index + 1));
    const shown = { row, element };
    this.#shown.set(index, shown);
    return shown;
  }
}

/** The end of a log is sent again and again; what reads the same is not drawn again. */
function isSame(one: LogRowView | undefined, other: LogRowView | undefined): boolean {
  return (
    one === other ||
    (one !== undefined &&
      other !== undefined &&
      one.line === other.line &&
      one.text === other.text &&
      one.time === other.time &&
      one.cutBytes === other.cutBytes &&
      one.rewrites === other.rewrites &&
      one.links.length === other.links.length)
  );
}
