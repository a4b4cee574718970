import type { LogRowView, LogToWebview } from '../../src/protocol/logView.ts';
import { type WholeLine, wholeLine } from './wholeLine.ts';

export interface WholeLinesDeps {
  /** `line` -1: the unfinished line of the stream. */
  readonly ask: (line: number, stream: number) => void;
  /** A line looks different now. */
  readonly changed: (line: number, stream: number) => void;
}

type LineOfStream = Pick<LogRowView, 'line' | 'stream'>;

/** An unfinished line that goes on is asked for at most so often, in ms. */
const askEvery = 500;

interface Opened {
  readonly line: number;
  readonly stream: number;
  /** As it was when it was asked for last. */
  row: LogRowView | undefined;
  askedAt: number;
  whole: WholeLine | undefined;
}

/** Lines that a person opened to see all of them. An unfinished one is asked for again as it goes on. */
export class WholeLines {
  readonly #deps: WholeLinesDeps;
  readonly #opened = new Map<string, Opened>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unfinished: readonly LogRowView[] = [];

  constructor(deps: WholeLinesDeps) {
    this.#deps = deps;
  }

  get isAny(): boolean {
    return this.#opened.size > 0;
  }

  /** Complete lines that are opened. */
  get opened(): readonly LineOfStream[] {
    return [...this.#opened.values()].filter(({ line }) => line >= 0).map(({ line, stream }) => ({ line, stream }));
  }

  /** undefined for a line that is not opened, or whose text is on its way. */
  of(row: LineOfStream): WholeLine | undefined {
    return this.#opened.get(keyOf(row))?.whole;
  }

  open(row: LineOfStream): void {
    const { line, stream } = row;
    const opened = { line, stream, row: this.#unfinishedOf(row), askedAt: Date.now(), whole: undefined };
    this.#opened.set(keyOf(row), opened);
    this.#deps.ask(line, stream);
  }

  toggle(row: LineOfStream): void {
    if (this.#opened.delete(keyOf(row))) {
      this.#deps.changed(row.line, row.stream);
    } else {
      this.open(row);
    }
  }

  receive(message: Extract<LogToWebview, { readonly type: 'logWhole' }>): void {
    const opened = this.#opened.get(keyOf(message));
    if (opened !== undefined) {
      opened.whole = wholeLine(message);
      this.#deps.changed(message.line, message.stream);
    }
  }

  /** What the unfinished lines are like now. */
  follow(unfinished: readonly LogRowView[]): void {
    this.#unfinished = unfinished;
    for (const [key, opened] of this.#opened) {
      const row = this.#unfinishedOf(opened);
      if (opened.line < 0 && row === undefined) {
        this.#opened.delete(key);
      } else if (opened.line < 0 && row !== undefined && hasGoneOn(opened.row, row)) {
        this.#timer ??= setTimeout(
          () => {
            this.#timer = undefined;
            this.#askAgain();
          },
          opened.askedAt + askEvery - Date.now(),
        );
      }
    }
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#opened.clear();
  }

  #askAgain(): void {
    for (const opened of this.#opened.values()) {
      const row = this.#unfinishedOf(opened);
      if (row !== undefined && hasGoneOn(opened.row, row)) {
        opened.row = row;
        opened.askedAt = Date.now();
        this.#deps.ask(opened.line, opened.stream);
      }
    }
  }

  #unfinishedOf({ line, stream }: LineOfStream): LogRowView | undefined {
    return line < 0 ? this.#unfinished.find((row) => row.stream === stream) : undefined;
  }
}

function hasGoneOn(before: LogRowView | undefined, now: LogRowView): boolean {
  return before?.text !== now.text || before.rewrites !== now.rewrites || before.cutBytes !== now.cutBytes;
}

function keyOf({ line, stream }: LineOfStream): string {
  return `${line} ${stream}`;
}
