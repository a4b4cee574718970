import type { LineLevel } from '../../core/logRow.ts';
import { LineList } from '../../engine/log/lineList.ts';
import type { OpenLog, RunningScan } from '../../engine/log/openLog.ts';
import type { MarkKind } from '../../protocol/logView.ts';

/** Errors, warnings, failures and ranks of a log, as they are found. */
export class MarkSearch {
  readonly #levels: Readonly<Record<LineLevel, LineList>> = { error: new LineList(), warning: new LineList() };
  readonly #scan: Pick<RunningScan, 'dispose' | 'rest'>;
  /** In the order in which they ended. */
  readonly #failureStarts: number[] = [];
  #ranks: readonly number[] = [];

  constructor(log: OpenLog, changed: () => void) {
    this.#scan = log.scan({ kind: 'marks' }, (message) => {
      if (message.kind === 'resumed') {
        this.#levels.error.cut(message.line);
        this.#levels.warning.cut(message.line);
        changed();
      } else if (message.kind === 'marks') {
        this.#levels.error.push(message.errors);
        this.#levels.warning.push(message.warnings);
        this.#failureStarts.push(...message.failures.map(({ firstLine }) => firstLine));
        this.#ranks = message.ranks;
        changed();
      }
    });
  }

  lines(kind: MarkKind): LineList {
    return kind === 'failure' ? this.#failures() : this.#levels[kind];
  }

  get ranks(): readonly number[] {
    return this.#ranks;
  }

  /** Nothing more is found for so long, in ms. */
  rest(ms: number): void {
    this.#scan.rest(ms);
  }

  #failures(): LineList {
    const list = new LineList();
    list.push(Uint32Array.from(this.#failureStarts.toSorted((one, other) => one - other)));
    return list;
  }

  dispose(): void {
    this.#scan.dispose();
  }
}
