import type { LineList } from '../../engine/log/lineList.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import { type LogToWebview, type MarkKind, rulerSteps, tellEvery } from '../../protocol/logView.ts';
import { MarkSearch } from './markSearch.ts';
import type { RowView } from './rowView.ts';

export interface SessionMarksDeps {
  readonly log: OpenLog;
  readonly post: (message: LogToWebview) => Promise<boolean>;
  /** As the viewer numbers them now. */
  readonly rows: () => RowView;
  /** More ranks are known; they are part of the log's state. */
  readonly ranksChanged: () => void;
}

/** For so long after rows were asked for, in ms, marks are not looked for: a person is going through the log. */
const marksRest = 500;

/** The errors, warnings and ranks that one viewer is told of. */
export class SessionMarks {
  readonly #deps: SessionMarksDeps;
  #search: MarkSearch | null = null;
  /** How many were told; what was found once is never taken back. */
  #toldRanks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: SessionMarksDeps) {
    this.#deps = deps;
  }

  get ranks(): MarkSearch['ranks'] {
    return this.#search?.ranks ?? [];
  }

  /** null while they are not looked for. */
  lines(kind: MarkKind): LineList | null {
    return this.#search?.lines(kind) ?? null;
  }

  /** Begins once the lines are counted: on a large log that is what a person waits for. */
  begin(): void {
    if (this.#deps.log.outline.counted) {
      this.#search ??= new MarkSearch(this.#deps.log, () => {
        this.#timer ??= setTimeout(() => {
          this.#timer = undefined;
          this.tell();
          this.#tellRanks();
        }, tellEvery);
      });
    }
  }

  /** Somebody is going through the log. */
  rest(): void {
    this.#search?.rest(marksRest);
  }

  /** What was found belongs to what is no more. */
  forget(): void {
    this.#search?.dispose();
    this.#search = null;
  }

  /** What was found, among the rows of now. */
  tell(): void {
    const search = this.#search;
    if (search === null) {
      return;
    }
    const rows = this.#deps.rows();
    const count = (kind: MarkKind): number => search.lines(kind).length;
    const ruler = (kind: MarkKind): readonly number[] =>
      rows.ruler(search.lines(kind), rulerSteps, this.#deps.log.outline.lines);
    void this.#deps.post({
      type: 'logMarks',
      marks: {
        errors: count('error'),
        warnings: count('warning'),
        failures: count('failure'),
        errorRuler: ruler('error'),
        warningRuler: ruler('warning'),
      },
    });
  }

  #tellRanks(): void {
    if (this.ranks.length !== this.#toldRanks) {
      this.#toldRanks = this.ranks.length;
      this.#deps.ranksChanged();
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#search?.dispose();
  }
}
