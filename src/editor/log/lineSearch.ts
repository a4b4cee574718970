import type { LineFilter } from '../../core/logRow.ts';
import { mayConcern } from '../../core/logGap.ts';
import { LineList } from '../../engine/log/lineList.ts';
import type { GapMark } from '../../engine/log/lineReplay.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import type { LineGoal } from '../../engine/log/scan/scanMessages.ts';

/**
 * Lines of a log that match, found on a thread of its own, first to last and then as the log grows. Among what a filter lets through
 * stay the markers of what is missing: nobody knows what it would have let through of that.
 */
export class LineSearch {
  readonly lines = new LineList();
  readonly #log: OpenLog;
  readonly #filter: LineFilter | null;
  readonly #scan: { dispose(): void };
  readonly #subscription: { dispose(): void };
  #scanned = 0;
  #gapsPassed = 0;
  #done = false;
  #problem: string | null = null;
  #isPartial = false;

  /** `changed` is called whenever more is known. */
  constructor(log: OpenLog, goal: LineGoal, changed: () => void) {
    this.#log = log;
    this.#filter = goal.kind === 'filter' ? goal.filter : null;
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
          this.#gapsPassed = countBefore(log.gaps, message.line);
          break;
        case 'lines':
          this.#add(message.lines, (message.lines.at(-1) ?? -1) + 1);
          break;
        case 'caughtUp':
          this.#add(noLines, message.scanned);
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

  /**
   * Adds what was found and the markers before line `end` that were not given yet. A marker may be among what was found, as a line
   * around a match, and what is around the next match may come before a marker that is there already.
   */
  #add(found: Uint32Array, end: number): void {
    const markers = this.#markersBefore(end);
    if (found.length === 0 && markers.length === 0) {
      return;
    }
    const first = Math.min(found[0] ?? Infinity, markers[0] ?? Infinity);
    const again = this.lines.slice(this.lines.countBefore(first), this.lines.length);
    if (again.length === 0 && markers.length === 0) {
      this.lines.push(found);
    } else {
      this.lines.cut(first);
      this.lines.push(Uint32Array.from(new Set([...again, ...found, ...markers])).sort());
    }
  }

  #markersBefore(end: number): readonly number[] {
    const filter = this.#filter;
    const passed = this.#gapsPassed;
    this.#gapsPassed = Math.max(passed, countBefore(this.#log.gaps, end));
    if (filter === null) {
      return [];
    }
    const { gaps, streams } = this.#log.outline;
    return this.#log.gaps.slice(passed, this.#gapsPassed).flatMap(({ gap, line }) => {
      const note = gaps[gap];
      return note !== undefined && mayConcern(note, filter, streams) ? [line] : [];
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

const noLines = new Uint32Array();

/** How many of the markers stand before a line. */
function countBefore(gaps: readonly GapMark[], line: number): number {
  return gaps.findLastIndex((gap) => gap.line < line) + 1;
}
