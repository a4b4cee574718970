import type { LineFilter } from '../../../src/core/logRow.ts';
import { type LogPageToHost, type LogRowView, type LogToWebview, rulerSteps } from '../../../src/protocol/logView.ts';
import { packed } from '../../../src/protocol/packedRows.ts';
import { failureEvery, sampleRow } from './sampleLog.ts';

/** What a page of a test decides. */
export interface FakeLogOptions {
  /** Lines there are at first. */
  readonly lines: number;
  /** How long an answer takes, in ms. */
  readonly delay: number;
}

const tailRows = 200;

/**
 * Plays the extension for the viewer's page: a log of as many lines as wanted, made up as they are asked for. Runs in the page. A
 * search finds, and a filter shows, the last line of each traceback, whatever was asked for.
 */
export class FakeExtension {
  readonly received: LogPageToHost[] = [];
  #lines: number;
  /** What every line says instead of what is made up, and what of it is not shown at first. */
  #said: { readonly text: string; readonly rest: string } | null = null;
  readonly #delay: number;
  #filter: LineFilter | null = null;
  #view = 1;
  #sent = 0;
  #state: unknown;

  constructor({ lines, delay }: FakeLogOptions) {
    this.#lines = lines;
    this.#delay = delay;
  }

  /** What VS Code gives to a webview. */
  get api(): object {
    return {
      postMessage: (message: LogPageToHost) => {
        this.received.push(message);
        this.#answer(message);
      },
      setState: (state: unknown) => {
        this.#state = state;
      },
      getState: () => this.#state,
    };
  }

  grow(lines: number): void {
    this.#lines += lines;
    this.#sendState();
  }

  /** From now on every line says this; `rest` is cut off until it is asked for. */
  say(text: string, rest = ''): void {
    this.#said = { text, rest };
    this.#view += 1;
    this.#sendState();
  }

  /** Grows by so many lines each frame, and tells in how many frames a row in sight was not there. */
  async growFor(frames: number, lines: number): Promise<number> {
    let missing = 0;
    for (let frame = 0; frame < frames; frame += 1) {
      this.grow(lines);
      await new Promise((resolve) => {
        requestAnimationFrame(resolve);
      });
      missing += document.querySelector('.row.loading') === null ? 0 : 1;
    }
    return missing;
  }

  send(message: LogToWebview): void {
    setTimeout(() => {
      globalThis.dispatchEvent(new MessageEvent('message', { data: packed(message) }));
    }, this.#delay);
  }

  get #rows(): number {
    return this.#filter === null ? this.#lines : Math.floor(this.#lines / failureEvery);
  }

  #lineAt(row: number): number {
    return this.#filter === null ? row : (row + 1) * failureEvery - 1;
  }

  #rowsAt(from: number, count: number): readonly LogRowView[] {
    const end = Math.min(this.#rows, from + count);
    return Array.from({ length: Math.max(0, end - from) }, (_, index) => {
      const row = sampleRow(this.#lineAt(from + index));
      return this.#said === null ? row : { ...row, text: this.#said.text, cutBytes: this.#said.rest.length };
    });
  }

  #sendState(): void {
    this.#sent += 1;
    const from = Math.max(0, this.#rows - tailRows);
    this.send({
      type: 'logState',
      id: this.#sent,
      state: {
        identity: 'fake',
        generation: 1,
        lines: this.#lines,
        counted: true,
        bytes: this.#lines * 121,
        truth: 'following',
        gaps: [],
        streams: [
          { name: 'stdout', task: 0, node: 0 },
          { name: 'stderr', task: 0, node: 0 },
        ],
        ranks: [0, 1, 2, 3, 4, 5, 6, 7],
        startedAt: sampleRow(0).time,
        writtenAt: null,
        problem: null,
        view: this.#view,
        filter: this.#filter,
        rows: this.#rows,
        filtering: false,
        filterProblem: null,
      },
      tail: { from, rows: this.#rowsAt(from, tailRows), partial: [] },
    });
  }

  #sendMarks(): void {
    const ruler = Array.from({ length: rulerSteps }, (_, step) => step).filter((step) => step % 37 === 5);
    const count = Math.floor(this.#lines / failureEvery);
    const marks = {
      errors: count * 6,
      warnings: count * 51,
      failures: count,
      errorRuler: ruler,
      warningRuler: [12, 400, 401],
    };
    this.send({ type: 'logMarks', marks });
  }

  #answer(message: LogPageToHost): void {
    switch (message.type) {
      case 'ready':
        this.#sendState();
        this.#sendMarks();
        break;
      case 'logRows':
        if (message.view === this.#view) {
          const rows = this.#rowsAt(message.from, message.count);
          this.send({ type: 'logRows', view: message.view, from: message.from, rows });
        }
        break;
      case 'logFind':
        if (message.query !== null) {
          const matches = Math.floor(this.#lines / failureEvery);
          const ruler = Array.from({ length: 50 }, (_, index) => index * 20);
          this.send({
            type: 'logFound',
            find: { id: message.id, done: true, matches, problem: null, isPartial: false, ruler },
          });
        }
        break;
      case 'logFindStep':
      case 'logMarkStep':
        this.#step(message.row, message.backward);
        break;
      case 'logGoTo':
        this.#reveal(message.line);
        break;
      case 'logFilter':
        this.#filter = message.filter;
        this.#view += 1;
        this.#sendState();
        break;
      case 'logResults': {
        const rows = Array.from({ length: message.count }, (_, index) => {
          const line = (message.from + index + 1) * failureEvery - 1;
          return { row: line, line, text: sampleRow(line).text };
        });
        this.send({ type: 'logResults', id: message.id, from: message.from, rows });
        break;
      }
      case 'logWhole': {
        const said = this.#said;
        const versions =
          said !== null ? [said.text + said.rest] : Array.from({ length: 121 }, (_, index) => `Epoch: ${index}/120`);
        const { line, stream } = message;
        this.send({ type: 'logWhole', line, stream, text: versions.join('\n'), cutBytes: 0, cutAt: 'end' });
        break;
      }
      default:
        break;
    }
  }

  #reveal(line: number): void {
    const row = this.#filter === null ? line : Math.min(Math.floor(line / failureEvery), this.#rows - 1);
    this.send({ type: 'logReveal', line, found: { row, line: this.#lineAt(row) } });
  }

  #step(row: number, backward: boolean): void {
    const each = this.#filter === null ? failureEvery : 1;
    const count = Math.floor(this.#lines / failureEvery);
    const next = backward ? Math.ceil((row + 1) / each) - 2 : Math.floor((row + 1) / each);
    const position = (next + count) % count;
    this.send({ type: 'logStep', row: (position + 1) * each - 1, position });
  }
}
