import { visibleText } from '../../core/failure/visibleText.ts';
import type { LineQuery } from '../../core/logRow.ts';
import type { LineList } from '../../engine/log/lineList.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import { type LogToWebview, mostRows, rulerSteps, tellEvery } from '../../protocol/logView.ts';
import { LineSearch } from './lineSearch.ts';
import type { RowView } from './rowView.ts';

export interface SessionFindDeps {
  readonly log: OpenLog;
  readonly post: (message: LogToWebview) => Promise<boolean>;
  /** As the viewer numbers them now. */
  readonly rows: () => RowView;
}

/** What the person looks for in one viewer, and what the viewer is told of it. */
export class SessionFind {
  readonly #deps: SessionFindDeps;
  #find: { readonly id: number; readonly query: LineQuery; readonly search: LineSearch } | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: SessionFindDeps) {
    this.#deps = deps;
  }

  /** The lines that match so far; null when nothing is looked for. */
  get lines(): LineList | null {
    return this.#find?.search.lines ?? null;
  }

  start(id: number, query: LineQuery | null): void {
    this.#find?.search.dispose();
    this.#find = null;
    if (query !== null && query.text !== '') {
      const search = new LineSearch(this.#deps.log, { kind: 'find', query }, () => {
        this.#timer ??= setTimeout(
          () => {
            this.#timer = undefined;
            this.tell();
          },
          search.lines.length === 0 || search.done ? 0 : tellEvery,
        );
      });
      this.#find = { id, query, search };
    }
  }

  /** The log is another now. */
  startAnew(): void {
    if (this.#find !== null) {
      this.start(this.#find.id, this.#find.query);
    }
  }

  /** What was found, among the rows of now. */
  tell(): void {
    if (this.#find !== null) {
      const { id, search } = this.#find;
      const rows = this.#deps.rows();
      const shown = rows.shown(search.lines);
      const ruler = rows.ruler(search.lines, rulerSteps, this.#deps.log.outline.lines);
      const { done, problem, isPartial } = search;
      const find = { id, done, matches: shown.length, problem, isPartial, ruler };
      void this.#deps.post({ type: 'logFound', find });
    }
  }

  async sendResults(id: number, from: number, count: number): Promise<void> {
    const rows = this.#deps.rows();
    const find = this.#find;
    if (find?.id === id) {
      const lines = rows.shown(find.search.lines).slice(from, from + Math.min(count, mostRows));
      const found = await this.#deps.log.lines.rowsAt(lines);
      await this.#deps.post({
        type: 'logResults',
        id,
        from,
        rows: found.map(({ line, text }) => ({ row: rows.rowOf(line) ?? 0, line, text: visibleText(text) })),
      });
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#find?.search.dispose();
  }
}
