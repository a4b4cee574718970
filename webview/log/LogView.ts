import type { LogMarks, LogState, LogTail, LogToHost, LogToWebview } from '../../src/protocol/logView.ts';
import { t } from '../ui/l10n.ts';
import { BarsPane } from './barsPane.ts';
import { LogCommands } from './logCommands.ts';
import { LogContent } from './logContent.ts';
import { LogSearch } from './logSearch.ts';
import { Narrowing } from './narrowing.ts';
import { PlaceKeeper } from './placeKeeper.ts';
import type { LogPlace } from './rememberedPlace.ts';
import { ResultsPane } from './resultsPane.ts';
import { RowLooks } from './rowLooks.ts';
import { RowsPane } from './rowsPane.ts';
import { revealNote } from './statusText.ts';
import { defaultSettings, type LogSettings, wantedFilter, wantedQuery } from './viewerState.ts';
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

/** A log of any size: what is in sight as elements, the rest where the extension has it. */
export class LogView {
  readonly element = document.createElement('div');
  readonly #deps: LogViewDeps;
  readonly #bars: BarsPane;
  readonly #content: LogContent;
  readonly #search: LogSearch;
  readonly #rows: RowsPane;
  readonly #looks: RowLooks;
  readonly #commands: LogCommands;
  readonly #results: ResultsPane;
  readonly #whole: WholeLines;
  readonly #place: PlaceKeeper;
  readonly #narrowing: Narrowing;
  /** The row that is opened because the match in it is not in what is shown of it. */
  #wholeFor: number | null = null;
  #marks: LogMarks | undefined;
  /** The update to be acknowledged once it is drawn. */
  #unpainted = 0;

  constructor(deps: LogViewDeps) {
    this.#deps = deps;
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
        this.#rows.redraw(this.#looks.takeUnmarked());
        this.#results.draw();
      },
      firstFound: () => {
        const { cursor, isFollowing } = this.#rows;
        this.#search.step(cursor === null ? this.#rows.steps.here(isFollowing) : cursor - 1, isFollowing);
      },
    });
    this.#bars = this.#barsPane(deps);
    this.#looks = new RowLooks({
      content: this.#content,
      search: this.#search,
      whole: this.#whole,
      settings: () => this.settings,
    });
    this.#rows = this.#rowsPane();
    this.#narrowing = new Narrowing({
      send: deps.send,
      lineInHand: () => this.#lineInHand(),
      sent: () => {
        this.#rows.follow();
      },
    });
    this.#commands = new LogCommands({ bars: this.#bars, rows: this.#rows, search: this.#search, send: deps.send });
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
    this.element.append(this.#bars.element, this.#rows.element, this.#results.element);
    this.element.addEventListener('keydown', (event) => {
      this.#commands.key(event);
    });
    this.#bars.draw();
  }

  /** What a person set so far. */
  get settings(): LogSettings {
    return this.#bars.settings;
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
        this.#rows.steps.sayArrived();
        break;
      case 'logFound':
        if (this.#search.receive(message.find)) {
          this.#rows.ruler.show({ matches: message.find.ruler });
          if (message.find.done) {
            this.#bars.say(t('{0} lines match', message.find.matches.toLocaleString()));
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
    const query = wantedQuery(this.settings);
    const filter = wantedFilter(this.settings);
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

  #barsPane(deps: LogViewDeps): BarsPane {
    return new BarsPane({
      settings: deps.settings ?? defaultSettings,
      told: () => ({
        log: this.#content.state,
        hasTimes: this.#content.hasTimes,
        find: this.#search.find,
        position: this.#search.position,
        isUnmarked: this.#search.isUnmarked,
        marks: this.#marks,
        selection: this.#rows.selection,
      }),
      changed: (settings, before) => {
        deps.remember();
        if (settings.findOpen !== before.findOpen || settings.query !== before.query) {
          this.#search.typed(wantedQuery(settings));
        }
        if (settings.filterOpen !== before.filterOpen || settings.filter !== before.filter) {
          this.#narrowing.typed(settings, before);
        }
        this.#rows.forget();
      },
      closed: () => {
        this.focus();
      },
      drawn: ({ settings, find, position }) => {
        this.#results.show(settings.resultsOpen && settings.findOpen, find, position);
      },
      run: (command) => {
        this.#commands.run(command);
      },
      goToLine: (line) => {
        deps.send({ type: 'logGoTo', line });
      },
      send: deps.send,
    });
  }

  #rowsPane(): RowsPane {
    return new RowsPane({
      content: this.#content,
      look: (row, index) => this.#looks.look(row, index),
      isApart: (index) => this.#looks.isApart(index),
      isWrapped: () => this.settings.wrap,
      isUneven: () => this.#whole.isAny,
      open: (target) => {
        this.#open(target);
      },
      expand: (row) => {
        this.#expand(row);
      },
      isMarked: (row) => this.#looks.isMarked(row),
      isWithoutMatch: (row) => {
        this.#showAllFor(row);
      },
      say: (text) => {
        this.#bars.say(text);
      },
      painted: () => {
        this.#bars.draw();
        this.#notePlace();
        if (this.#unpainted > 0) {
          this.#deps.send({ type: 'logPainted', id: this.#unpainted });
          this.#unpainted = 0;
        }
      },
    });
  }

  #apply(state: LogState, tail: LogTail | null): void {
    const { isOther, isOtherView, isOtherRows, shift } = this.#content.apply(state, tail);
    this.#whole.follow(this.#content.unfinished);
    this.#place.lookFor(state);
    if (isOtherRows) {
      this.#bars.note = null;
      this.#whole.clear();
      // The matches are counted anew, among other rows.
      this.#search.arrived(null);
      this.#rows.reset();
    }
    const kept = isOtherView ? this.#narrowing.takeLineToKeep(state) : null;
    if (kept !== null) {
      this.#rows.steps.goTo(kept);
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

  /** The line at the cursor, else at the top; null at the end, which moves along. */
  #lineInHand(): number | null {
    const { cursor, isFollowing } = this.#rows;
    const row = cursor ?? (isFollowing ? null : this.#rows.steps.here(false) + 1);
    return row === null ? null : (this.#content.row(row)?.line ?? null);
  }

  #arrive(row: number | null, position: number | null): void {
    if (row === null) {
      this.#bars.say(t('None in this log'));
      return;
    }
    if (position === null) {
      this.#rows.steps.goTo(row);
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
      this.#note(t('The match is in a part of this line that is too far on to be shown: save the log to see it'));
      this.#bars.draw();
    }
  }

  #reveal(line: number, found: Extract<LogToWebview, { readonly type: 'logReveal' }>['found']): void {
    this.#place.leave();
    if (found !== null) {
      this.#rows.steps.goTo(found.row);
    }
    this.#note(revealNote(line, found, this.#content.state?.lines ?? 0));
  }

  #note(text: string | null): void {
    this.#bars.note = text;
    if (text !== null) {
      this.#bars.say(text);
    }
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
}
