import { LineList } from '../../engine/log/lineList.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import type { LineGoal } from '../../engine/log/scan/scanMessages.ts';

/** Lines of a log that match, found on a thread of its own, first to last and then as the log grows. */
export class LineSearch {
  readonly lines = new LineList();
  readonly #scan: { dispose(): void };
  readonly #subscription: { dispose(): void };
  #scanned = 0;
  #done = false;
  #problem: string | null = null;
  #isPartial = false;

  /** `changed` is called whenever more is known. */
  constructor(log: OpenLog, goal: LineGoal, changed: () => void) {
    const isAll = (): boolean => log.outline.counted && this.#scanned >= log.outline.lines;
    // The scan may have seen the last line before that was known to be the last.
    this.#subscription = log.onDidChange(() => {
      if (!this.#done && isAll()) {
        this.#done = true;
        changed();
      }
    });
    this.#scan = log.scan(goal, (message) => {
      switch (message.kind) {
        case 'partial':
          this.#isPartial = true;
          break;
        case 'resumed':
          this.lines.cut(message.line);
          break;
        case 'lines':
          this.lines.push(message.lines);
          break;
        case 'caughtUp':
          this.#scanned = message.scanned;
          this.#done ||= isAll();
          break;
        case 'problem':
          this.#problem = message.message;
          this.#done = true;
          break;
        case 'marks':
        case 'series':
          return;
      }
      changed();
    });
  }

  /** Everything there was when it was last asked has been looked at. */
  get done(): boolean {
    return this.#done;
  }

  /** Of some line only the beginning was looked at. */
  get isPartial(): boolean {
    return this.#isPartial;
  }

  get problem(): string | null {
    return this.#problem;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#scan.dispose();
  }
}
