import type { LogToHost } from '../../src/protocol/logView.ts';
import type { BarsPane } from './barsPane.ts';
import { commandElsewhere, commandOf, type LogCommand } from './keys.ts';
import type { LogSearch } from './logSearch.ts';
import type { RowsPane } from './rowsPane.ts';
import { nextTimes } from './times.ts';

export interface LogCommandsDeps {
  readonly bars: BarsPane;
  readonly rows: RowsPane;
  readonly search: LogSearch;
  readonly send: (message: LogToHost) => void;
}

/** What keys and buttons do in a log. */
export class LogCommands {
  readonly #deps: LogCommandsDeps;

  constructor(deps: LogCommandsDeps) {
    this.#deps = deps;
  }

  key(event: KeyboardEvent): void {
    const isInRows = event.target instanceof Element && event.target.closest('.log-scroller') !== null;
    const command = isInRows ? commandOf(event) : commandElsewhere(event);
    const isLeaving = !isInRows && event.key === 'Escape';
    if (isLeaving || (command !== undefined && this.run(command))) {
      event.preventDefault();
      event.stopPropagation();
    }
    if (isLeaving) {
      this.#leave(event.target);
    }
  }

  /** False when the key is left to the browser. */
  run(command: LogCommand): boolean {
    const { bars, rows, search, send } = this.#deps;
    const { settings } = bars;
    bars.note = null;
    switch (command.kind) {
      case 'move':
        rows.steps.move(command.rows);
        break;
      case 'select':
        rows.steps.extend(command.rows, command.pages);
        break;
      case 'selectTo':
        rows.steps.extendTo(command.edge);
        break;
      case 'selectAll':
        rows.steps.selectAll();
        break;
      case 'page':
        rows.steps.page(command.pages);
        break;
      case 'scroll':
        rows.steps.scroll(command.rows);
        break;
      case 'start':
        rows.steps.start();
        break;
      case 'end':
        rows.follow();
        break;
      case 'match':
        search.step(rows.steps.here(command.backward), command.backward);
        break;
      case 'mark': {
        const row = rows.steps.here(command.backward);
        send({ type: 'logMarkStep', kind: command.mark, row, backward: command.backward });
        break;
      }
      case 'find':
        bars.set({ findOpen: true });
        bars.focus('#log-find');
        break;
      case 'filter':
        bars.set({ filterOpen: !settings.filterOpen });
        break;
      case 'results':
        bars.set({ findOpen: true, resultsOpen: !settings.resultsOpen });
        break;
      case 'wrap':
        bars.set({ wrap: !settings.wrap });
        break;
      case 'times':
        bars.set({ times: nextTimes(settings.times) });
        break;
      case 'numbers':
        bars.set({ numbers: !settings.numbers });
        break;
      case 'goTo':
        bars.show('goTo');
        break;
      case 'keys':
        bars.show('keys');
        break;
      case 'copy':
        return this.#copy();
      case 'open':
        return rows.openAtCursor();
      case 'leave':
        this.#leave(null);
        break;
    }
    return true;
  }

  /** What is selected, else the line at the cursor. Text that the browser has selected is the browser's to copy. */
  #copy(): boolean {
    const { rows, send } = this.#deps;
    const selection = rows.selection ?? (rows.cursor === null ? null : ([rows.cursor, rows.cursor] as const));
    if (selection === null || document.getSelection()?.isCollapsed === false) {
      return false;
    }
    send({ type: 'logCopy', from: selection[0], to: selection[1], numbers: false });
    return true;
  }

  /** Closes what was opened last, the nearest first. */
  #leave(from: EventTarget | null): void {
    const { bars, rows } = this.#deps;
    const isInFilter = from instanceof Element && from.closest('.log-filter') !== null;
    if (bars.popup !== null) {
      bars.show(null);
    } else if (isInFilter) {
      rows.focus();
    } else if (bars.settings.findOpen) {
      bars.set({ findOpen: false });
    } else {
      rows.clearSelection();
      rows.focus();
    }
  }
}
