import { queryRegex } from '../../src/core/lineQuery.ts';
import type { LineQuery } from '../../src/core/logRow.ts';
import { type MatchReply, type MatchWorker, startMatchWorker } from './matchWorker.ts';
import type { Stretch } from './textRuns.ts';

const mostPerLine = 200;
/** A pattern that takes longer on one line, in ms, is given up there. */
const mostTime = 500;
/** After so many lines it is given up altogether. */
const mostGivenUp = 3;
/** Lines whose stretches are kept. */
const mostKept = 2_000;
/** Lines that wait; of more, those that were drawn last are more likely to be in sight still. */
const mostWaiting = 400;

export interface HighlightsDeps {
  /** Stretches of lines that were not known before are known now, or it is known that they will not be. */
  readonly found: () => void;
  readonly start?: typeof startMatchWorker;
}

/**
 * The stretches of visible lines that a search means. Plain text is found at once. A pattern may take for ever on some line, so it is
 * tried on a thread of its own, which is ended when that takes too long.
 */
export class Highlights {
  readonly #deps: HighlightsDeps;
  readonly #start: typeof startMatchWorker;
  #regex: RegExp | null = null;
  #isPattern = false;
  readonly #known = new Map<string, readonly Stretch[]>();
  #waiting: string[] = [];
  #worker: MatchWorker | undefined;
  /** The thread is there. */
  #isReady = false;
  /** What the thread is at. */
  #current: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #givenUp = 0;

  constructor(deps: HighlightsDeps) {
    this.#deps = deps;
    this.#start = deps.start ?? startMatchWorker;
  }

  /** The pattern takes so long that lines are left unmarked. */
  get isGivenUp(): boolean {
    return this.#givenUp > 0;
  }

  /** What is looked for from now on. Of a pattern that is none nothing is found. */
  search(query: LineQuery | null): void {
    this.#endWorker();
    this.#known.clear();
    this.#waiting = [];
    this.#givenUp = 0;
    this.#regex = query === null || query.text === '' ? null : compiled(query);
    this.#isPattern = query?.isRegex === true;
  }

  /** null while it is not known; `found` is called once it is. */
  of(visible: string): readonly Stretch[] | null {
    if (this.#regex === null) {
      return [];
    }
    const known = this.#known.get(visible);
    if (known !== undefined) {
      return known;
    }
    if (!this.#isPattern) {
      return this.#keep(visible, stretchesIn(visible, this.#regex));
    }
    if (this.#givenUp >= mostGivenUp) {
      return [];
    }
    if (visible !== this.#current && !this.#waiting.includes(visible)) {
      this.#waiting.push(visible);
      this.#waiting = this.#waiting.slice(-mostWaiting);
      this.#next();
    }
    return null;
  }

  #keep(visible: string, stretches: readonly Stretch[]): readonly Stretch[] {
    this.#known.set(visible, stretches);
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKept && oldest !== undefined) {
      this.#known.delete(oldest);
    }
    return stretches;
  }

  #next(): void {
    this.#worker ??= this.#start((reply) => {
      this.#receive(reply);
    });
    const text = this.#waiting[0];
    const regex = this.#regex;
    if (!this.#isReady || this.#current !== undefined || text === undefined || regex === null) {
      return;
    }
    this.#waiting.shift();
    this.#current = text;
    this.#worker.postMessage({ source: regex.source, flags: regex.flags, text, most: mostPerLine });
    this.#timer = setTimeout(() => {
      this.#giveUp();
    }, mostTime);
  }

  #receive(reply: MatchReply): void {
    if (reply === null) {
      this.#isReady = true;
    } else if (this.#current !== undefined) {
      clearTimeout(this.#timer);
      this.#keep(this.#current, pairs(reply));
      this.#current = undefined;
      this.#deps.found();
    }
    this.#next();
  }

  #giveUp(): void {
    this.#keep(this.#current ?? '', []);
    this.#endWorker();
    this.#givenUp += 1;
    if (this.#givenUp >= mostGivenUp) {
      this.#waiting = [];
    } else {
      this.#next();
    }
    this.#deps.found();
  }

  #endWorker(): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#isReady = false;
    this.#current = undefined;
  }
}

function compiled(query: LineQuery): RegExp | null {
  try {
    return queryRegex(query, 'gm');
  } catch {
    return null;
  }
}

/** Only for plain text: it takes no longer than the text is long. */
function stretchesIn(visible: string, regex: RegExp): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const match of visible.matchAll(regex)) {
    found.push([match.index, match.index + match[0].length]);
    if (found.length >= mostPerLine) {
      break;
    }
  }
  return found;
}

function pairs(flat: readonly number[]): readonly Stretch[] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index] ?? 0, flat[2 * index + 1] ?? 0]);
}
