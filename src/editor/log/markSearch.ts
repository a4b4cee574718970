import type { Failure } from '../../core/failure/failure.ts';
import { LineList } from '../../engine/log/lineList.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import type { MarkKind } from '../../protocol/logView.ts';

/** Errors, warnings, failures and ranks of a log, as they are found. */
export class MarkSearch {
  readonly #lists: Readonly<Record<MarkKind, LineList>> = {
    error: new LineList(),
    warning: new LineList(),
    failure: new LineList(),
  };
  readonly #scan: { dispose(): void };
  #failureStarts: number[] = [];
  #ranks: readonly number[] = [];

  constructor(log: OpenLog, changed: () => void) {
    this.#scan = log.scan({ kind: 'marks' }, (message) => {
      if (message.kind === 'marks') {
        this.#lists.error.push(message.errors);
        this.#lists.warning.push(message.warnings);
        this.#addFailures(message.failures);
        this.#ranks = message.ranks;
        changed();
      }
    });
  }

  lines(kind: MarkKind): LineList {
    return kind === 'failure' ? this.#failures() : this.#lists[kind];
  }

  get ranks(): readonly number[] {
    return this.#ranks;
  }

  /** They are told as they end; one that began earlier may end later. */
  #addFailures(failures: readonly Failure[]): void {
    for (const { firstLine } of failures) {
      this.#failureStarts.push(firstLine);
    }
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
