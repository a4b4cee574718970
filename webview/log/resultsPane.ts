import type { FindState, ResultRow } from '../../src/protocol/logView.ts';
import { t } from '../ui/l10n.ts';
import { drawnText } from './drawnText.ts';
import type { Stretch } from './textRuns.ts';

export interface ResultsDeps {
  readonly ask: (id: number, from: number, count: number) => void;
  readonly go: (row: number, position: number) => void;
  /** What is to be marked in a line; none while that is not known. */
  readonly marks: (visible: string) => readonly Stretch[];
}

const rowHeight = 22;
const pageRows = 128;
/** More than that cannot be scrolled to one by one. */
const mostResults = 300_000;
const longest = 500;

/** The list of lines that match, below the rows. What is in sight of it is asked for. */
export class ResultsPane {
  readonly element = document.createElement('div');
  readonly #deps: ResultsDeps;
  readonly #spacer = document.createElement('div');
  readonly #list = document.createElement('div');
  readonly #pages = new Map<number, readonly ResultRow[]>();
  readonly #asked = new Map<number, number>();
  #find: FindState | undefined;
  #current: number | null = null;

  constructor(deps: ResultsDeps) {
    this.#deps = deps;
    this.element.className = 'log-results';
    this.element.hidden = true;
    this.element.tabIndex = 0;
    this.element.setAttribute('role', 'listbox');
    this.element.setAttribute('aria-label', t('Results'));
    this.#list.className = 'log-results-list';
    this.element.append(this.#spacer, this.#list);
    this.element.addEventListener('scroll', () => {
      this.#draw();
    });
    this.element.addEventListener('click', (event) => {
      const position =
        event.target instanceof Element ? event.target.closest<HTMLElement>('.result')?.dataset['position'] : undefined;
      if (position !== undefined) {
        this.#choose(Number(position));
      }
    });
    this.element.addEventListener('keydown', (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
      if (step !== undefined) {
        event.preventDefault();
        event.stopPropagation();
        this.#choose((this.#current ?? -1) + step);
      }
    });
  }

  /** `find` undefined: nothing is searched for. */
  show(isOpen: boolean, find: FindState | undefined, current: number | null): void {
    if (find?.id !== this.#find?.id) {
      this.#pages.clear();
      this.#asked.clear();
      this.element.scrollTop = 0;
    }
    const isOther = find !== this.#find || current !== this.#current || this.element.hidden === isOpen;
    this.#find = find;
    this.#current = current;
    this.element.hidden = !isOpen || find === undefined;
    if (isOther && !this.element.hidden) {
      this.#draw();
    }
  }

  receive(id: number, from: number, rows: readonly ResultRow[]): void {
    if (id === this.#find?.id) {
      this.#pages.set(from / pageRows, rows);
      this.#draw();
    }
  }

  /** Lines look different now. */
  draw(): void {
    if (!this.element.hidden) {
      this.#draw();
    }
  }

  get #count(): number {
    return Math.min(mostResults, this.#find?.matches ?? 0);
  }

  #choose(position: number): void {
    const wanted = Math.min(Math.max(0, position), this.#count - 1);
    const result = this.#at(wanted);
    if (result !== undefined) {
      this.#current = wanted;
      const top = wanted * rowHeight;
      const { scrollTop, clientHeight } = this.element;
      if (top < scrollTop || top + rowHeight > scrollTop + clientHeight) {
        this.element.scrollTop = top - clientHeight / 2;
      }
      this.#draw();
      this.#deps.go(result.row, wanted);
    }
  }

  #at(position: number): ResultRow | undefined {
    return this.#pages.get(Math.floor(position / pageRows))?.[position % pageRows];
  }

  #draw(): void {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.floor(scrollTop / rowHeight);
    const last = Math.min(this.#count, first + Math.ceil(clientHeight / rowHeight) + 1);
    this.#spacer.style.height = `${this.#count * rowHeight}px`;
    this.#list.style.transform = `translateY(${first * rowHeight}px)`;
    for (let page = Math.floor(first / pageRows); page * pageRows < last; page += 1) {
      this.#want(page);
    }
    const elements = Array.from({ length: Math.max(0, last - first) }, (_, index) => this.#element(first + index));
    this.#list.replaceChildren(...elements);
    this.element.setAttribute('aria-activedescendant', this.#current === null ? '' : `log-result-${this.#current}`);
  }

  /** A page is asked for again when there is more of it. */
  #want(page: number): void {
    const whole = Math.min(pageRows, this.#count - page * pageRows);
    if ((this.#asked.get(page) ?? 0) < whole && this.#find !== undefined) {
      this.#asked.set(page, whole);
      this.#deps.ask(this.#find.id, page * pageRows, pageRows);
    }
  }

  #element(position: number): HTMLElement {
    const result = this.#at(position);
    const element = document.createElement('div');
    element.className = 'result';
    element.id = `log-result-${position}`;
    element.dataset['position'] = String(position);
    element.setAttribute('role', 'option');
    element.setAttribute('aria-selected', String(position === this.#current));
    const number = document.createElement('span');
    number.className = 'number';
    number.textContent = result === undefined ? '' : String(result.line + 1);
    element.append(number, ...this.#marked(result?.text.slice(0, longest) ?? ''));
    return element;
  }

  #marked(text: string): readonly Node[] {
    const nodes: Node[] = [];
    let from = 0;
    const plain = (to: number): void => {
      nodes.push(document.createTextNode(shown(text.slice(from, to))));
      from = to;
    };
    for (const [start, end] of this.#deps.marks(text)) {
      plain(start);
      const mark = document.createElement('span');
      mark.className = 'found';
      mark.textContent = shown(text.slice(start, end));
      nodes.push(mark);
      from = end;
    }
    plain(text.length);
    return nodes;
  }
}

function shown(text: string): string {
  return drawnText(text)
    .map(({ text: plain, sign }) => sign ?? plain)
    .join('');
}
