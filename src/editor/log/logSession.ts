import { Emitter } from '../../core/event.ts';
import { visibleText } from '../../core/failure/visibleText.ts';
import type { LineFilter, LineQuery, LogRow } from '../../core/logRow.ts';
import type { LineList } from '../../engine/log/lineList.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import { LogUnread } from '../../engine/log/unread.ts';
import {
  type FileLink,
  type LogState,
  type LogTail,
  type LogToWebview,
  type MarkKind,
  mostRows,
} from '../../protocol/logView.ts';
import { LineSearch } from './lineSearch.ts';
import { nextIn, RowView } from './rowView.ts';
import { SessionFind } from './sessionFind.ts';
import { SessionMarks } from './sessionMarks.ts';

export interface LogSessionDeps {
  readonly log: OpenLog;
  readonly post: (message: LogToWebview) => Promise<boolean>;
  /** Told once, when the viewer has drawn something: what takes time and is not seen at first has the processor from then on. */
  readonly drawn: () => void;
}

/** Places in a line's visible text that open a file. */
export type LinksOf = (visible: string) => readonly FileLink[];

/** Updates on their way to the screen at most; the next waits until one of them is painted. */
const maxInFlight = 2;
const tailRows = 200;
let views = 0;
let generations = 0;

/** One viewer's look at one log: what it shows, looks for and asks. Told apart from all others by its views and generations. */
export class LogSession {
  readonly #deps: LogSessionDeps;
  readonly #log: OpenLog;
  readonly #subscription: { dispose(): void };
  #view = (views += 1);
  #generation = (generations += 1);
  #logGeneration: number;
  #filter: LineFilter | null = null;
  #filterSearch: LineSearch | null = null;
  readonly #find: SessionFind;
  readonly #marks: SessionMarks;
  #links: LinksOf | null = null;
  /** Rows were sent that are perhaps kept, before it was known what in them opens a file. */
  #sentUnlinked = false;
  /** The view whose end was sent before its lines were counted: there is no other end until they are. */
  #endOf: number | null = null;
  #outdated = true;
  #sent = 0;
  #painted = 0;
  #sending = false;
  #isDrawn = false;
  /** What the viewer knows of. */
  #told: Pick<LogState, 'view' | 'rows'> = { view: 0, rows: 0 };
  /** There may be more rows, or others, or the viewer was told of them. */
  readonly #moved = new Emitter<void>();
  #reveals = 0;
  #closed = false;

  constructor(deps: LogSessionDeps) {
    this.#deps = deps;
    this.#log = deps.log;
    this.#logGeneration = this.#log.outline.generation;
    const common = { log: this.#log, post: deps.post, rows: () => this.rows };
    this.#find = new SessionFind(common);
    this.#marks = new SessionMarks({
      ...common,
      ranksChanged: () => {
        this.#update();
      },
    });
    this.#subscription = this.#log.onDidChange(() => {
      if (this.#log.outline.generation !== this.#logGeneration) {
        this.#beginAnew();
      }
      if (this.#isDrawn) {
        this.#marks.begin();
      }
      this.#move();
    });
    void this.#log.follow();
    if (this.#log.outline.counted) {
      this.#update();
    }
  }

  /** What the viewer was told so far it may have missed, while its page was being made. */
  tellAgain(): void {
    this.#painted = this.#sent;
    this.#endOf = null;
    this.#update();
    this.#marks.tell();
  }

  /** Rows are numbered within this view. */
  get rows(): RowView {
    return new RowView(this.#filterSearch?.lines ?? null);
  }

  get log(): OpenLog {
    return this.#log;
  }

  painted(id: number): void {
    this.#painted = Math.max(this.#painted, id);
    if (!this.#isDrawn) {
      this.#isDrawn = true;
      this.#marks.begin();
      this.#deps.drawn();
    }
    void this.#send();
  }

  /** Rows are sent without links before, and again with them. */
  link(links: LinksOf): void {
    this.#links = links;
    this.#endOf = null;
    if (this.#sentUnlinked) {
      this.#view = views += 1;
    }
    this.#update();
  }

  async sendRows(view: number, from: number, count: number): Promise<void> {
    if (view !== this.#view) {
      return;
    }
    this.#sentUnlinked ||= this.#links === null;
    this.#marks.rest();
    const rows = await this.read(from, Math.min(count, mostRows));
    if (view === this.#view) {
      await this.#deps.post({ type: 'logRows', view, from, rows: rows.map((row) => this.#linked(row)) });
    }
  }

  /** Rows of the present view. */
  async read(from: number, count: number): Promise<readonly LogRow[]> {
    return await this.#log.lines.rowsAt(this.rows.lines(from, count, this.#log.outline.lines));
  }

  filter(filter: LineFilter | null): void {
    this.#filterSearch?.dispose();
    this.#filter = filter;
    this.#filterSearch =
      filter === null
        ? null
        : new LineSearch(this.#log, { kind: 'filter', filter }, () => {
            this.#move();
          });
    this.#view = views += 1;
    this.#move();
    this.#find.tell();
    this.#marks.tell();
  }

  find(id: number, query: LineQuery | null): void {
    this.#find.start(id, query);
  }

  async stepFind(row: number, backward: boolean): Promise<void> {
    const next = this.#next(this.#find.lines, row, backward);
    await this.#deps.post({ type: 'logStep', row: next?.row ?? null, position: next?.position ?? null });
  }

  async stepMark(kind: MarkKind, row: number, backward: boolean): Promise<void> {
    const next = this.#next(this.#marks.lines(kind), row, backward);
    await this.#deps.post({ type: 'logStep', row: next?.row ?? null, position: null });
  }

  #next(
    found: LineList | null,
    row: number,
    backward: boolean,
  ): { readonly row: number | null; readonly position: number } | null {
    const { rows } = this;
    const from = rows.lineOf(row) ?? (row < 0 ? -1 : this.#log.outline.lines);
    const next = found === null ? null : nextIn(rows.shown(found), from, backward);
    return next === null ? null : { row: rows.rowOf(next.line), position: next.position };
  }

  async sendResults(id: number, from: number, count: number): Promise<void> {
    await this.#find.sendResults(id, from, count);
  }

  async sendWhole(line: number, stream: number): Promise<void> {
    const { lines } = this.#log;
    const whole = line < 0 ? await lines.wholeUnfinished(stream) : await lines.whole(line);
    if (whole !== null) {
      await this.#deps.post({ type: 'logWhole', line, stream, ...whole });
    }
  }

  /**
   * Shows a line, once it was counted, the filter has come to it and the viewer knows of its row. Under a filter that hides it, the
   * next that is shown, else the last.
   */
  async reveal(line: number): Promise<void> {
    this.#reveals += 1;
    await this.#place('logReveal', line);
  }

  /** The same for a line that was at the top before; whatever is to be revealed comes first. */
  async restore(line: number): Promise<void> {
    await (this.#reveals === 0 ? this.#place('logRestored', line) : undefined);
  }

  async #place(type: 'logReveal' | 'logRestored', line: number): Promise<void> {
    const reveals = this.#reveals;
    while (!this.#closed && (this.#isAhead(line) || this.#isUntold(line))) {
      await this.#nextMove();
    }
    if (!this.#closed && reveals === this.#reveals) {
      await this.#deps.post({ type, line, found: this.rows.nearest(line, this.#log.outline.lines) });
    }
  }

  /**
   * All rows of the log or of the present view, once the lines are counted and the filter has looked at each; null when this look at the
   * log ended or another filter was set before. Rejects with LogUnread when they cannot be known.
   */
  async allRows(what: 'log' | 'view', signal: AbortSignal): Promise<RowView | null> {
    const search = what === 'log' ? null : this.#filterSearch;
    const isKnown = (): boolean => this.#log.outline.counted && search?.done !== false;
    while (!isKnown()) {
      if (this.#closed || (search !== null && search !== this.#filterSearch)) {
        return null;
      }
      const { problem } = this.#log.outline;
      if (problem !== null) {
        throw new LogUnread(problem);
      }
      await this.#nextMove(signal);
      signal.throwIfAborted();
    }
    if (search !== null && search.problem !== null) {
      throw new LogUnread(search.problem);
    }
    return new RowView(search?.lines ?? null);
  }

  async #nextMove(signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        subscription.dispose();
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const subscription = this.#moved.event(end);
      signal?.addEventListener('abort', end);
    });
  }

  /** It is not known yet whether the line is among the rows. */
  #isAhead(line: number): boolean {
    const { counted, lines } = this.#log.outline;
    const search = this.#filterSearch;
    if (search === null) {
      return !counted && lines <= line;
    }
    return !search.done && search.lines.countBefore(line) === search.lines.length;
  }

  #isUntold(line: number): boolean {
    const { rows } = this;
    const row = rows.nearest(line, this.#log.outline.lines)?.row ?? -1;
    return this.#told.view !== this.#view || row >= this.#told.rows;
  }

  /** The log was cut off or replaced: whatever was found belongs to what is no more. */
  #beginAnew(): void {
    this.#logGeneration = this.#log.outline.generation;
    this.#generation = generations += 1;
    this.#marks.forget();
    this.filter(this.#filter);
    this.#find.startAnew();
  }

  #move(): void {
    this.#update();
    this.#moved.fire();
  }

  #update(): void {
    this.#outdated = true;
    void this.#send();
  }

  /** One at a time, so that they arrive in order. What cannot be read now is in the outline, and tried again at the next change. */
  async #send(): Promise<void> {
    if (this.#sending) {
      return;
    }
    this.#sending = true;
    try {
      while (this.#outdated && !this.#closed && this.#sent - this.#painted < maxInFlight) {
        this.#outdated = false;
        const state = this.#state;
        const isEndThere = !state.counted && this.#endOf === state.view;
        const tail = isEndThere ? null : await this.#tail(state).catch(() => null);
        if (state.view === this.#view) {
          this.#sent += 1;
          this.#sentUnlinked ||= this.#links === null && tail?.from !== null;
          this.#endOf = isEndThere || (tail?.from === null && tail.rows.length > 0) ? state.view : null;
          await this.#deps.post({ type: 'logState', id: this.#sent, state, tail });
          this.#told = state;
          this.#moved.fire();
        } else {
          this.#outdated = true;
        }
      }
    } finally {
      this.#sending = false;
    }
  }

  get #state(): LogState {
    const { outline } = this.#log;
    return {
      ...outline,
      generation: this.#generation,
      ranks: this.#marks.ranks,
      view: this.#view,
      filter: this.#filter,
      rows: this.rows.count(outline.lines),
      filtering: this.#filterSearch?.done === false,
      filterProblem: this.#filterSearch?.problem ?? null,
    };
  }

  async #tail({ rows }: LogState): Promise<LogTail> {
    if (this.#filterSearch !== null) {
      const from = Math.max(0, rows - tailRows);
      const found = await this.read(from, rows - from);
      return { from, rows: found.map((row) => this.#linked(row)), partial: [] };
    }
    const { from, rows: newest } = await this.#log.tail(tailRows);
    const partial = from === null ? [] : await this.#log.lines.partial();
    return { from, rows: newest.map((row) => this.#linked(row)), partial: partial.map((row) => this.#linked(row)) };
  }

  #linked(row: LogRow): LogRow & { readonly links: readonly FileLink[] } {
    return { ...row, links: row.gap === null && this.#links !== null ? this.#links(visibleText(row.text)) : [] };
  }

  dispose(): void {
    this.#closed = true;
    this.#moved.fire();
    this.#moved.dispose();
    this.#subscription.dispose();
    this.#marks.dispose();
    this.#filterSearch?.dispose();
    this.#find.dispose();
    void this.#log.close();
  }
}
