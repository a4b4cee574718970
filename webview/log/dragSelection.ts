export interface DragDeps {
  /** The rows' scroller: beyond its edges a selection goes on by rows. */
  readonly area: HTMLElement;
  readonly rowAt: (node: Node | null) => number | null;
  /** Rows from where the drag began to this one. */
  readonly select: (from: number, to: number) => void;
  /** Moves by so many px and gives the row that is then at that edge. */
  readonly scroll: (px: number) => number;
}

/** How far a frame scrolls at most while the pointer is beyond an edge, in px. */
const fastest = 400;

/** Selecting with the pointer. Within the rows in sight it is the browser's own; once it leaves them, whole rows are selected. */
export class DragSelection {
  readonly #deps: DragDeps;
  #start: number | null = null;
  #isOfRows = false;
  #y = 0;
  #frame = 0;

  constructor(deps: DragDeps) {
    this.#deps = deps;
    deps.area.addEventListener('pointerdown', (event) => {
      const isScrollbar = event.offsetX > deps.area.clientWidth && event.target === deps.area;
      if (event.button === 0 && !event.shiftKey && !isScrollbar && event.target instanceof Node) {
        this.#start = deps.rowAt(event.target);
        this.#isOfRows = false;
      }
    });
    document.addEventListener('pointermove', (event) => {
      if (this.#start !== null && (event.buttons & 1) === 1) {
        this.#move(event);
      } else if (this.#start !== null) {
        this.#end();
      }
    });
    document.addEventListener('pointerup', () => {
      this.#end();
    });
  }

  /** Takes the click that ends a drag for the drag's. */
  get isOfRows(): boolean {
    return this.#isOfRows;
  }

  #move(event: PointerEvent): void {
    this.#y = event.clientY;
    if (!this.#isOfRows && this.#beyond === 0) {
      return;
    }
    if (!this.#isOfRows) {
      this.#isOfRows = true;
      this.#deps.area.classList.add('dragging');
      document.getSelection()?.removeAllRanges();
    }
    if (this.#beyond === 0) {
      const row = event.target instanceof Node ? this.#deps.rowAt(event.target) : null;
      if (row !== null && this.#start !== null) {
        this.#deps.select(this.#start, row);
      }
    }
    this.#frame ||= requestAnimationFrame(() => {
      this.#scroll();
    });
  }

  /** How far the pointer is above (negative) or below the rows, in px. */
  get #beyond(): number {
    const { top, bottom } = this.#deps.area.getBoundingClientRect();
    return this.#y < top ? this.#y - top : Math.max(0, this.#y - bottom);
  }

  #scroll(): void {
    this.#frame = 0;
    const beyond = this.#beyond;
    if (this.#start !== null && this.#isOfRows && beyond !== 0) {
      const px = Math.sign(beyond) * Math.min(fastest, beyond * beyond * 0.05 + 4);
      this.#deps.select(this.#start, this.#deps.scroll(px));
      this.#frame = requestAnimationFrame(() => {
        this.#scroll();
      });
    }
  }

  #end(): void {
    this.#start = null;
    this.#deps.area.classList.remove('dragging');
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }
}
