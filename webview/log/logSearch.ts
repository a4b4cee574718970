import type { LineQuery } from '../../src/core/logRow.ts';
import type { FindState, LogToHost } from '../../src/protocol/logView.ts';
import { Highlights } from './highlights.ts';
import type { Stretch } from './textRuns.ts';

/** How long typing rests before it is searched for, in ms. */
const typingRests = 150;

export interface LogSearchDeps {
  readonly send: (message: LogToHost) => void;
  /** Another search began, so that other text is marked. */
  readonly changed: () => void;
  /** Of lines whose stretches were not known before, they are. */
  readonly marked: () => void;
  /** The first match of what was typed is there. */
  readonly firstFound: () => void;
}

/** What is searched for, and what is known about where it is. */
export class LogSearch {
  readonly #deps: LogSearchDeps;
  #id = 0;
  #query: LineQuery | null = null;
  #find: FindState | undefined;
  #position: number | null = null;
  readonly #highlights: Highlights;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #awaitsFirst = false;

  constructor(deps: LogSearchDeps) {
    this.#deps = deps;
    this.#highlights = new Highlights({ found: deps.marked });
  }

  /** undefined before anything is known. */
  get find(): FindState | undefined {
    return this.#find;
  }

  /** 0-based position of the match that was gone to; null before. */
  get position(): number | null {
    return this.#position;
  }

  /** The pattern takes so long that lines are left unmarked. */
  get isUnmarked(): boolean {
    return this.#highlights.isGivenUp;
  }

  /** What is to be marked in a visible line; null while that is not known. */
  marks(visible: string): readonly Stretch[] | null {
    return this.#highlights.of(visible);
  }

  get id(): number {
    return this.#id;
  }

  get isOn(): boolean {
    return this.#query !== null;
  }

  /** Searches once typing rests, and then goes to the first match. null ends the search. */
  typed(query: LineQuery | null): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.start(query);
        this.#awaitsFirst = query !== null;
      },
      query === null ? 0 : typingRests,
    );
  }

  start(query: LineQuery | null): void {
    clearTimeout(this.#timer);
    this.#id += 1;
    this.#query = query;
    this.#find = undefined;
    this.#position = null;
    this.#awaitsFirst = false;
    this.#highlights.search(query);
    this.#deps.send({ type: 'logFind', id: this.#id, query });
    this.#deps.changed();
  }

  /** False for news of a search of before. */
  receive(find: FindState): boolean {
    if (find.id !== this.#id) {
      return false;
    }
    this.#find = find;
    if (this.#awaitsFirst && find.matches > 0) {
      this.#awaitsFirst = false;
      this.#deps.firstFound();
    }
    return true;
  }

  /** To the next match after (or before) a row. */
  step(row: number, backward: boolean): void {
    if (this.#query !== null) {
      this.#deps.send({ type: 'logFindStep', row, backward });
    }
  }

  arrived(position: number | null): void {
    this.#position = position;
  }
}
