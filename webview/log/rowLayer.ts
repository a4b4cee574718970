import type { LogRowView } from '../../src/protocol/logView.ts';
import { placeholder, rowElement, type RowLook } from './rowElement.ts';

export interface LayerLook {
  readonly wrap: boolean;
  /** How much of the first row is out of sight, as a share of it. */
  readonly offset: number;
  /** The last row stands at the bottom, whatever the heights of the rows. */
  readonly atEnd: boolean;
  readonly cursor: number | null;
  /** First and last row, both included. */
  readonly selection: readonly [number, number] | null;
  readonly look: (row: LogRowView, index: number) => RowLook;
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

  /** Of a row that is not wrapped, in px. */
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

  show(first: number, rows: readonly (LogRowView | undefined)[], look: LayerLook): void {
    this.element.classList.toggle('wrap', look.wrap);
    this.element.classList.toggle('at-end', look.atEnd && rows.length > 0);
    for (const [index, shown] of this.#shown) {
      if (index < first || index >= first + rows.length || !isSame(shown.row, rows[index - first])) {
        shown.element.remove();
        this.#shown.delete(index);
      }
    }
    let next = this.#rows.firstElementChild;
    for (const [offset, row] of rows.entries()) {
      const index = first + offset;
      const shown = this.#shown.get(index) ?? this.#make(index, row, look);
      if (shown.element === next) {
        next = next.nextElementSibling;
      } else {
        this.#rows.insertBefore(shown.element, next);
      }
      const isSelected = look.selection !== null && index >= look.selection[0] && index <= look.selection[1];
      shown.element.classList.toggle('cursor', index === look.cursor);
      shown.element.classList.toggle('selected', isSelected);
    }
    const height = this.#rows.firstElementChild?.getBoundingClientRect().height ?? this.rowHeight;
    this.#rows.style.transform = look.atEnd
      ? ''
      : `translateY(${-look.offset * (look.wrap ? height : this.rowHeight)}px)`;
  }

  /** The row that an element is part of. */
  rowAt(element: Element | null): number | null {
    const index = element?.closest<HTMLElement>('.row')?.dataset['row'];
    return index === undefined ? null : Number(index);
  }

  elementOf(index: number): HTMLElement | undefined {
    return this.#shown.get(index)?.element;
  }

  #make(index: number, row: LogRowView | undefined, look: LayerLook): Shown {
    const element = row === undefined ? placeholder() : rowElement(row, look.look(row, index));
    element.dataset['row'] = String(index);
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
