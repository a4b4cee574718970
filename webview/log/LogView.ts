import { h, render } from 'preact';

import type { LogMarks, LogRowView, LogState, LogTail, LogToHost, LogToWebview } from '../../src/protocol/logView.ts';
import { t } from '../ui/l10n.ts';
import { Bars } from './bars/Bars.tsx';
import type { BarActions } from './bars/barProps.ts';
import { commandElsewhere, commandOf, type LogCommand } from './keys.ts';
import { LogContent } from './logContent.ts';
import { LogSearch } from './logSearch.ts';
import { PlaceKeeper } from './placeKeeper.ts';
import type { LogPlace } from './rememberedPlace.ts';
import { ResultsPane } from './resultsPane.ts';
import type { RowLook } from './rowElement.ts';
import { RowsPane } from './rowsPane.ts';
import { revealNote } from './statusText.ts';
import { hasOrigins, originLabel } from './streamLabel.ts';
import type { Stretch } from './textRuns.ts';
import { nextTimes, timeText } from './times.ts';
import {
  type BarState,
  defaultSettings,
  isSameState,
  type LogSettings,
  type Popup,
  wantedFilter,
  wantedQuery,
} from './viewerState.ts';
import { WholeLines } from './wholeLines.ts';

export interface LogViewDeps {
  readonly send: (message: LogToHost) => void;
  /** Called whenever `settings` or `place` changed, to keep them over a hidden or reloaded webview. */
  readonly remember: () => void;
  readonly settings: LogSettings | undefined;
  readonly place: LogPlace | undefined;
  /** Told whether there is anything to show. */
  readonly onEmpty: (empty: boolean) => void;
}

/** How long typing rests before the rows are narrowed by it, in ms. */
const typingRests = 250;
/** How often the bars may tell another time, in ms. */
const tellTimeEvery = 10_000;

/** A log of any size: what is in sight as elements, the rest where the extension has it. */
export class LogView {
  readonly element = document.createElement('div');
  readonly #deps: LogViewDeps;
  readonly #bars = document.createElement('div');
  readonly #content: LogContent;
  readonly #search: LogSearch;
  readonly #rows: RowsPane;
  readonly #results: ResultsPane;
  readonly #whole: WholeLines;
  readonly #place: PlaceKeeper;
  /** Rows that were drawn before it was known what is to be marked in them. */
  readonly #unmarked = new Set<number>();
  /** The row that is opened because the match in it is not in what is shown of it. */
  #wholeFor: number | null = null;
  /** Stays in sight when a filter is taken away. */
  #lineToKeep: number | null = null;
  readonly #actions: BarActions = {
    set: (change) => {
      this.#set(change);
    },
    show: (popup) => {
      this.#show(popup);
    },
    run: (command) => {
      this.#run(command);
    },
    goToLine: (line) => {
      this.#deps.send({ type: 'logGoTo', line });
    },
    send: (message) => {
      this.#deps.send(message);
    },
  };
  #shown: BarState | undefined;
  #settings: LogSettings;
  #marks: LogMarks | undefined;
  #popup: Popup = null;
  #note: string | null = null;
  /** What the rows are of: generation and filter. */
  #narrowing = '';
  #said = '';
  /** The update to be acknowledged once it is drawn. */
  #unpainted = 0;
  #filterTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: LogViewDeps) {
    this.#deps = deps;
    this.#settings = deps.settings ?? defaultSettings;
    this.#place = new PlaceKeeper({ send: deps.send, remember: deps.remember, before: deps.place });
    this.#content = new LogContent((view, from, count) => {
      deps.send({ type: 'logRows', view, from, count });
    });
    this.#whole = new WholeLines({
      ask: (line, stream) => {
        deps.send({ type: 'logWhole', line, stream });
      },
      changed: (line, stream) => {
        const row = line < 0 ? this.#content.unfinishedRow(stream) : null;
        const match = this.#wholeFor;
        if (match !== null && this.#content.row(match)?.line === line) {
          this.#wholeFor = null;
          this.#rows.goToMatch(match);
        }
        if (row === null) {
          this.#rows.forget();
        } else {
          this.#rows.redraw([row]);
        }
      },
    });
    this.#search = new LogSearch({
      send: deps.send,
      changed: () => {
        this.#rows.ruler.show({ matches: [] });
        this.#rows.forget();
      },
      marked: () => {
        this.#rows.redraw(this.#unmarked);
        this.#unmarked.clear();
        this.#results.draw();
      },
      firstFound: () => {
        const { cursor, isFollowing } = this.#rows;
        this.#search.step(cursor === null ? this.#rows.here(isFollowing) : cursor - 1, isFollowing);
      },
    });
    this.#rows = this.#rowsPane();
    this.#results = new ResultsPane({
      ask: (id, from, count) => {
        deps.send({ type: 'logResults', id, from, count });
      },
      go: (row, position) => {
        this.#search.arrived(position);
        this.#rows.goToMatch(row);
      },
      marks: (visible) => this.#search.marks(visible) ?? [],
    });
    this.element.className = 'log';
    this.#bars.className = 'log-bars';
    this.element.append(this.#bars, this.#rows.element, this.#results.element);
    this.element.addEventListener('keydown', (event) => {
      this.#key(event);
    });
    this.#drawBars();
    setInterval(() => {
      this.#drawBars();
    }, tellTimeEvery);
  }

  /** What a person set so far. */
  get settings(): LogSettings {
    return this.#settings;
  }

  /** Where the person is. */
  get place(): LogPlace | undefined {
    return this.#place.place;
  }

  receive(message: LogToWebview): void {
    switch (message.type) {
      case 'logState':
        this.#apply(message.state, message.tail);
        this.#unpainted = message.id;
        break;
      case 'logRows':
        this.#content.put(message.view, message.from, message.rows);
        break;
      case 'logFound':
        if (this.#search.receive(message.find)) {
          this.#rows.ruler.show({ matches: message.find.ruler });
          if (message.find.done) {
            this.#say(t('{0} lines match', message.find.matches.toLocaleString()));
          }
        }
        break;
      case 'logMarks':
        this.#marks = message.marks;
        this.#rows.ruler.show({ errors: message.marks.errorRuler, warnings: message.marks.warningRuler });
        break;
      case 'logStep':
        this.#arrive(message.row, message.position);
        break;
      case 'logWhole':
        this.#whole.receive(message);
        break;
      case 'logReveal':
        this.#reveal(message.line, message.found);
        break;
      case 'logRestored':
        this.#restorePlace(message.line, message.found?.row ?? null);
        break;
      case 'logResults':
        this.#results.receive(message.id, message.from, message.rows);
        break;
    }
    this.#rows.draw();
  }

  /** What was set before the webview was hidden, told to an extension that knows nothing of it. */
  restore(): void {
    const query = wantedQuery(this.#settings);
    const filter = wantedFilter(this.#settings);
    if (query !== null) {
      this.#search.start(query);
    }
    if (filter !== null) {
      this.#deps.send({ type: 'logFilter', filter });
    }
  }

  focus(): void {
    this.#rows.focus();
  }

  #rowsPane(): RowsPane {
    return new RowsPane({
      content: this.#content,
      look: (row, index) => this.#look(row, index),
      isApart: (index) => this.#isApart(index),
      isWrapped: () => this.#settings.wrap,
      isUneven: () => this.#whole.isAny,
      open: (target) => {
        this.#open(target);
      },
      expand: (row) => {
        this.#expand(row);
      },
      isMarked: (row) => !this.#unmarked.has(row),
      isWithoutMatch: (row) => {
        this.#showAllFor(row);
      },
      say: (text) => {
        this.#say(text);
      },
      painted: () => {
        this.#drawBars();
        this.#notePlace();
        if (this.#unpainted > 0) {
          this.#deps.send({ type: 'logPainted', id: this.#unpainted });
          this.#unpainted = 0;
        }
      },
    });
  }

  #apply(state: LogState, tail: LogTail | null): void {
    const { isOther, isOtherView, shift } = this.#content.apply(state, tail);
    this.#whole.follow(this.#content.unfinished);
    this.#place.lookFor(state);
    const narrowing = JSON.stringify([state.generation, state.filter]);
    if (isOtherView && narrowing === this.#narrowing) {
      // The same rows, of which more is known: what in them opens a file.
      this.#rows.forget();
    } else if (isOtherView) {
      this.#note = null;
      this.#whole.clear();
      // The matches are counted anew, among other rows.
      this.#search.arrived(null);
      this.#rows.reset();
    }
    this.#narrowing = narrowing;
    if (this.#lineToKeep !== null && isOtherView && state.filter === null) {
      this.#rows.goToRow(this.#lineToKeep);
      this.#lineToKeep = null;
    }
    if (isOther) {
      this.#rows.follow();
    }
    if (shift > 0) {
      this.#rows.shift(shift);
    }
    this.#deps.onEmpty(
      state.counted &&
        state.lines === 0 &&
        this.#content.allRows === 0 &&
        state.problem === null &&
        state.filter === null,
    );
  }

  #notePlace(): void {
    const { isFollowing, top, cursor } = this.#rows;
    const row = Math.floor(top);
    const line = isFollowing ? null : this.#content.row(row)?.line;
    const identity = this.#content.state?.identity ?? '';
    if (identity !== '' && line !== undefined && line !== -1) {
      this.#place.note({
        identity,
        top: line,
        into: isFollowing ? 0 : top - row,
        cursor: cursor === null || isFollowing ? null : cursor - row,
        match: this.#search.position,
        opened: this.#whole.opened,
      });
    }
  }

  /** `row`: where the line stands now that was at the top. */
  #restorePlace(line: number, row: number | null): void {
    const place = this.#place.found(line);
    if (place !== undefined && row !== null && this.#rows.isFollowing) {
      this.#search.arrived(place.match);
      for (const opened of place.opened) {
        this.#whole.open(opened);
      }
      this.#rows.restore(row + place.into, place.cursor === null ? null : row + place.cursor);
    }
  }

  #look(row: LogRowView, index: number): RowLook {
    const { times, numbers } = this.#settings;
    const { streams = [], startedAt = null } = this.#content.state ?? {};
    const stream = streams[row.stream];
    const before = index > 0 ? (this.#content.row(index - 1)?.time ?? null) : null;
    const number = row.line >= 0 ? String(row.line + 1) : this.#content.isTailOnly ? '?' : '';
    return {
      number: numbers ? number : null,
      time: times === 'off' || !this.#content.hasTimes ? null : timeText(times, row.time, startedAt, before),
      origin: !hasOrigins(streams) ? null : stream === undefined ? '' : originLabel(stream, streams),
      stream,
      found: (visible) => this.#marksOf(visible, index),
      whole: this.#whole.of(row),
    };
  }

  /** A row begins another group of lines around one that matches. Lines of one rank or stream alone are apart everywhere. */
  #isApart(index: number): boolean {
    const filter = this.#content.state?.filter ?? null;
    const [before, line] = [this.#content.row(index - 1)?.line, this.#content.row(index)?.line];
    return (
      filter !== null &&
      filter.context > 0 &&
      filter.streams === null &&
      filter.ranks === null &&
      before !== undefined &&
      line !== undefined &&
      line !== before + 1
    );
  }

  #marksOf(visible: string, row: number): readonly Stretch[] {
    const marks = this.#search.marks(visible);
    if (marks === null) {
      this.#unmarked.add(row);
    }
    return marks ?? [];
  }

  /** Not again while scrolling, when nothing that the bars tell of changes. */
  #drawBars(): void {
    const state: BarState = {
      settings: this.#settings,
      log: this.#content.state,
      minute: Math.round(Date.now() / 60_000),
      hasTimes: this.#content.hasTimes,
      find: this.#search.find,
      position: this.#search.position,
      isUnmarked: this.#search.isUnmarked,
      marks: this.#marks,
      popup: this.#popup,
      selection: this.#rows.selection,
      note: this.#note,
      said: this.#said,
    };
    if (isSameState(this.#shown, state)) {
      return;
    }
    this.#shown = state;
    render(h(Bars, { ...state, ...this.#actions }), this.#bars);
    this.#results.show(state.settings.resultsOpen && state.settings.findOpen, state.find, state.position);
  }

  #set(change: Partial<LogSettings>): void {
    const before = this.#settings;
    this.#settings = { ...before, ...change };
    const { findOpen, query, filterOpen, filter } = this.#settings;
    this.#deps.remember();
    if (findOpen !== before.findOpen || query !== before.query) {
      this.#search.typed(wantedQuery(this.#settings));
    }
    if (filterOpen !== before.filterOpen || filter !== before.filter) {
      this.#filterSoon(wantedFilter(before) === null ? null : before);
    }
    this.#rows.forget();
    this.#drawBars();
    if (findOpen && !before.findOpen) {
      this.#focusInput('#log-find');
    } else if (filterOpen && !before.filterOpen) {
      this.#focusInput('#log-include');
    } else if ((before.findOpen && !findOpen) || (before.filterOpen && !filterOpen)) {
      this.focus();
    }
  }

  #show(popup: Popup): void {
    this.#popup = popup;
    this.#drawBars();
    if (popup === 'goTo') {
      this.#focusInput('#log-go-to');
    } else if (popup === null) {
      this.focus();
    }
  }

  #focusInput(selector: string): void {
    const input = this.#bars.querySelector<HTMLInputElement>(selector);
    input?.focus();
    input?.select();
  }

  /** `before`: what narrowed the rows until now, if anything did. */
  #filterSoon(before: LogSettings | null): void {
    const filter = wantedFilter(this.#settings);
    clearTimeout(this.#filterTimer);
    if (filter !== null || before !== null) {
      this.#filterTimer = setTimeout(
        () => {
          this.#deps.send({ type: 'logFilter', filter });
          this.#lineToKeep = filter === null ? this.#lineInHand() : null;
          this.#rows.follow();
        },
        filter === null ? 0 : typingRests,
      );
    }
  }

  /** The line at the cursor, else at the top; null at the end, which moves along. */
  #lineInHand(): number | null {
    const { cursor, isFollowing } = this.#rows;
    const row = cursor ?? (isFollowing ? null : this.#rows.here(false) + 1);
    return row === null ? null : (this.#content.row(row)?.line ?? null);
  }

  #arrive(row: number | null, position: number | null): void {
    if (row === null) {
      this.#say(t('None in this log'));
      return;
    }
    if (position === null) {
      this.#rows.goToRow(row);
    } else {
      this.#search.arrived(position);
      this.#rows.goToMatch(row);
    }
  }

  /** The match is in a part of the line that is not shown: all of the line is. Where that is too much as well, it is said. */
  #showAllFor(row: number): void {
    const shown = this.#content.row(row);
    if (this.#search.isUnmarked || shown === undefined || (shown.cutBytes === 0 && shown.rewrites === 0)) {
      return;
    }
    if (this.#whole.of(shown) === undefined) {
      this.#wholeFor = row;
      this.#whole.open(shown);
    } else {
      this.#note = t('The match is in a part of this line that is too far on to be shown: save the log to see it');
      this.#say(this.#note);
      this.#drawBars();
    }
  }

  #reveal(line: number, found: Extract<LogToWebview, { readonly type: 'logReveal' }>['found']): void {
    this.#place.leave();
    this.#note = revealNote(line, found, this.#content.state?.lines ?? 0);
    if (found !== null) {
      this.#rows.goToRow(found.row);
    }
    if (this.#note !== null) {
      this.#say(this.#note);
    }
  }

  /** Said again when it is the same as before, which a changed text alone would not bring about. */
  #say(text: string): void {
    const next = text.slice(0, 500);
    this.#said = next === this.#said ? `${next}\u00a0` : next;
  }

  #open({ dataset }: HTMLElement): void {
    this.#notePlace();
    this.#place.remember();
    const { url, path, line } = dataset;
    if (url !== undefined) {
      this.#deps.send({ type: 'logOpenLink', url });
    } else if (path !== undefined) {
      this.#deps.send({ type: 'logOpenFile', path, line: Number(line) });
    }
  }

  #expand(row: number): void {
    const shown = this.#content.row(row);
    // Of lines that are not counted yet it is not known which they are.
    if (shown !== undefined && (shown.line >= 0 || row >= this.#content.rows)) {
      this.#rows.letGo();
      this.#whole.toggle(shown);
    }
  }

  #key(event: KeyboardEvent): void {
    const isInRows = event.target instanceof Element && event.target.closest('.log-scroller') !== null;
    const command = isInRows ? commandOf(event) : commandElsewhere(event);
    const isLeaving = !isInRows && event.key === 'Escape';
    if (isLeaving || (command !== undefined && this.#run(command))) {
      event.preventDefault();
      event.stopPropagation();
    }
    if (isLeaving) {
      this.#leave(event.target);
    }
  }

  /** False when the key is left to the browser. */
  #run(command: LogCommand): boolean {
    this.#note = null;
    switch (command.kind) {
      case 'move':
        this.#rows.move(command.rows);
        break;
      case 'select':
        this.#rows.extend(command.rows, command.pages);
        break;
      case 'selectTo':
        this.#rows.extendTo(command.edge);
        break;
      case 'selectAll':
        this.#rows.selectAll();
        break;
      case 'page':
        this.#rows.page(command.pages);
        break;
      case 'scroll':
        this.#rows.scrollRows(command.rows);
        break;
      case 'start':
        this.#rows.start();
        break;
      case 'end':
        this.#rows.follow();
        break;
      case 'match':
        this.#search.step(this.#rows.here(command.backward), command.backward);
        break;
      case 'mark': {
        const row = this.#rows.here(command.backward);
        this.#deps.send({ type: 'logMarkStep', kind: command.mark, row, backward: command.backward });
        break;
      }
      case 'find':
        this.#set({ findOpen: true });
        this.#focusInput('#log-find');
        break;
      case 'filter':
        this.#set({ filterOpen: !this.#settings.filterOpen });
        break;
      case 'results':
        this.#set({ findOpen: true, resultsOpen: !this.#settings.resultsOpen });
        break;
      case 'wrap':
        this.#set({ wrap: !this.#settings.wrap });
        break;
      case 'times':
        this.#set({ times: nextTimes(this.#settings.times) });
        break;
      case 'numbers':
        this.#set({ numbers: !this.#settings.numbers });
        break;
      case 'goTo':
        this.#show('goTo');
        break;
      case 'keys':
        this.#show('keys');
        break;
      case 'copy':
        return this.#copy();
      case 'open':
        return this.#rows.openAtCursor();
      case 'leave':
        this.#leave(null);
        break;
    }
    return true;
  }

  /** What is selected, else the line at the cursor. Text that the browser has selected is the browser's to copy. */
  #copy(): boolean {
    const { cursor } = this.#rows;
    const selection = this.#rows.selection ?? (cursor === null ? null : ([cursor, cursor] as const));
    if (selection === null || document.getSelection()?.isCollapsed === false) {
      return false;
    }
    this.#deps.send({ type: 'logCopy', from: selection[0], to: selection[1], numbers: false });
    return true;
  }

  /** Closes what was opened last, the nearest first. */
  #leave(from: EventTarget | null): void {
    const isInFilter = from instanceof Element && from.closest('.log-filter') !== null;
    if (this.#popup !== null) {
      this.#show(null);
    } else if (isInFilter) {
      this.focus();
    } else if (this.#settings.findOpen) {
      this.#set({ findOpen: false });
    } else {
      this.#rows.clearSelection();
      this.focus();
    }
  }
}
