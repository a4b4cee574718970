import type { LogState, LogToHost } from '../../src/protocol/logView.ts';
import { type LogSettings, wantedFilter } from './viewerState.ts';

export interface NarrowingDeps {
  readonly send: (message: LogToHost) => void;
  /** The line at the cursor, else at the top; null at the end, which moves along. */
  readonly lineInHand: () => number | null;
  /** Another filter is on its way. */
  readonly sent: () => void;
}

/** How long typing rests before the rows are narrowed by it, in ms. */
const typingRests = 250;

/** The filter that a person types, and the line they do not lose when it goes. */
export class Narrowing {
  readonly #deps: NarrowingDeps;
  /** Stays in sight when a filter is taken away. */
  #lineToKeep: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: NarrowingDeps) {
    this.#deps = deps;
  }

  typed(settings: LogSettings, before: LogSettings): void {
    const filter = wantedFilter(settings);
    clearTimeout(this.#timer);
    if (filter !== null || wantedFilter(before) !== null) {
      this.#timer = setTimeout(
        () => {
          this.#deps.send({ type: 'logFilter', filter });
          this.#lineToKeep = filter === null ? this.#deps.lineInHand() : null;
          this.#deps.sent();
        },
        filter === null ? 0 : typingRests,
      );
    }
  }

  /** The line to go to in rows that are others now, once. */
  takeLineToKeep({ filter }: Pick<LogState, 'filter'>): number | null {
    const line = filter === null ? this.#lineToKeep : null;
    if (line !== null) {
      this.#lineToKeep = null;
    }
    return line;
  }
}
