import type { LogState, LogToHost } from '../../src/protocol/logView.ts';
import { isSamePlace, type LogPlace } from './rememberedPlace.ts';

export interface PlaceKeeperDeps {
  readonly send: (message: LogToHost) => void;
  /** Called when `place` changed, to keep it over a hidden webview. */
  readonly remember: () => void;
  /** Where a person was when the webview was hidden. */
  readonly before: LogPlace | undefined;
}

/** A place that changes all the time is remembered at most so often, in ms. */
const rememberEvery = 100;

/** Remembers where a person is in a log, and brings them back there once it is known where that is now. */
export class PlaceKeeper {
  readonly #deps: PlaceKeeperDeps;
  #place: LogPlace | undefined;
  /** To be gone back to. */
  #before: LogPlace | undefined;
  #isAsked = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rememberedAt = 0;

  constructor(deps: PlaceKeeperDeps) {
    this.#deps = deps;
    this.#place = deps.before;
    this.#before = deps.before;
  }

  /** undefined before anything is known. */
  get place(): LogPlace | undefined {
    return this.#place;
  }

  /** Asks where the place of before is, as soon as it is known that this is its log. */
  lookFor({ identity }: Pick<LogState, 'identity'>): void {
    if (this.#before === undefined || identity === '') {
      return;
    }
    if (identity !== this.#before.identity || this.#before.top === null) {
      this.#before = undefined;
    } else if (!this.#isAsked) {
      this.#isAsked = true;
      this.#deps.send({ type: 'logRestore', line: this.#before.top });
    }
  }

  /** The place to go back to, when it is still wanted. */
  found(line: number): LogPlace | undefined {
    const before = this.#before;
    this.#before = undefined;
    return before?.top === line ? before : undefined;
  }

  /** The person went somewhere. */
  leave(): void {
    this.#before = undefined;
  }

  /** What is in sight now. */
  note(place: LogPlace): void {
    if (this.#before !== undefined || isSamePlace(place, this.#place)) {
      return;
    }
    this.#place = place;
    const rest = this.#rememberedAt + rememberEvery - Date.now();
    if (rest <= 0) {
      this.remember();
    } else {
      this.#timer ??= setTimeout(() => {
        this.remember();
      }, rest);
    }
  }

  /** At once: the webview may be hidden the next moment. */
  remember(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#rememberedAt = Date.now();
    this.#deps.remember();
  }
}
