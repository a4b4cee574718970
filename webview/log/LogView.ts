import { h, render } from 'preact';

import type {
  FindState,
  LogMarks,
  LogRowView,
  LogState,
  LogTail,
  LogToHost,
  LogToWebview,
} from '../../src/protocol/logView.ts';
import { visibleText } from '../../src/core/failure/visibleText.ts';
import { t } from '../ui/l10n.ts';
import { Bars } from './Bars.tsx';
import { highlighter } from './highlights.ts';
import { commandOf, type LogCommand } from './keys.ts';
import { RowCache } from './rowCache.ts';
import type { RowLook } from './rowElement.ts';
import { RowLayer } from './rowLayer.ts';
import { Ruler } from './ruler.ts';
import { timeText } from './times.ts';
import { type BarState, defaultSettings, type LogSettings, narrows } from './viewerState.ts';
import { clampTop, contentHeight, lastTop, rowsInSight, scrollTopOf, topOf, type Viewport } from './viewport.ts';

export interface LogViewDeps {
  readonly send: (message: LogToHost) => void;
  /** Keeps what a person set over a reload. */
  readonly remember: (settings: LogSettings) => void;
  readonly settings: LogSettings | undefined;
  /** Told whether there is anything to show. */
  readonly onEmpty: (empty: boolean) => void;
}

type Popups = Pick<BarState, 'goToOpen' | 'keysOpen' | 'menuOpen'>;

/** Rows beyond the edge that are fetched ahead, in the direction of scrolling. */
const ahead = 512;
/** How long typing rests before it is searched for, in ms. */
const typingRests = 150;

/** A log of any size: what is in sight as elements, the rest where the extension has it. */
export class LogView {
  readonly element = document.createElement('div');
  readonly #deps: LogViewDeps;
  readonly #bars = document.createElement('div');
  readonly #body = document.createElement('div');
  readonly #scroller = document.createElement('div');
  readonly #spacer = document.createElement('div');
  readonly #layer = new RowLayer();
  readonly #newLines = document.createElement('button');
  readonly #ruler: Ruler;
  readonly #cache: RowCache;
  readonly #whole = new Map<number, string>();
  #settings: LogSettings;
  #log: LogState | undefined;
  #tail: LogTail | undefined;
  #find: FindState | undefined;
  #marks: LogMarks | undefined;
  #findId = 0;
  #position: number | null = null;
  /** The row at the top, with fraction. */
  #top = 0;
  #following = true;
  /** Rows there were when the view was let go of. */
  #seen = 0;
  /** The row the keyboard is at, and where a selection of rows began. */
  #cursor: number | null = null;
  #anchor: number | null = null;
  #direction = 1;
  #frame = 0;
  #painted = 0;
  #scrollSet = -1;
  #typing: ReturnType<typeof setTimeout> | undefined;
  #shown: Popups = { goToOpen: false, keysOpen: false, menuOpen: false };
  #said = '';
  #highlight = highlighter(null);

  constructor(deps: LogViewDeps) {
    this.#deps = deps;
    this.#settings = deps.settings ?? defaultSettings;
    this.#cache = new RowCache((from, count) => {
      if (this.#log !== undefined) {
        deps.send({ type: 'logRows', view: this.#log.view, from, count });
      }
    });
    this.#ruler = new Ruler((share) => {
      this.#goTo(Math.floor(share * this.#rows) - rowsInSight(this.#viewport) / 2);
    });
    this.element.className = 'log';
    this.#bars.className = 'log-bars';
    this.#body.className = 'log-body';
    this.#scroller.className = 'log-scroller';
    this.#scroller.tabIndex = 0;
    this.#scroller.setAttribute('role', 'list');
    this.#scroller.setAttribute('aria-label', t('Log'));
    this.#spacer.className = 'log-spacer';
    this.#newLines.type = 'button';
    this.#newLines.className = 'new-lines';
    this.#newLines.hidden = true;
    this.#scroller.append(this.#layer.element, this.#spacer);
    this.#body.append(this.#scroller, this.#ruler.element, this.#newLines);
    this.element.append(this.#bars, this.#body);
    this.#listen();
    this.#search();
    this.#drawBars();
  }

  receive(message: LogToWebview): void {
    switch (message.type) {
      case 'logState':
        this.#apply(message.state, message.tail);
        this.#painted = message.id;
        break;
      case 'logRows':
        if (message.view === this.#log?.view) {
          this.#cache.put(message.from, message.rows);
        }
        break;
      case 'logFound':
        if (message.find.id === this.#findId) {
          this.#find = message.find;
          this.#ruler.show({ matches: message.find.ruler });
          this.#say(message.find.done ? t('{0} lines match', message.find.matches.toLocaleString()) : this.#said);
        }
        break;
      case 'logMarks':
        this.#marks = message.marks;
        this.#ruler.show({ errors: message.marks.errorRuler, warnings: message.marks.warningRuler });
        break;
      case 'logStep':
        this.#arrive(message.row, message.position);
        break;
      case 'logWhole':
        this.#whole.set(message.line, message.text);
        this.#layer.forget();
        break;
      case 'logReveal':
        this.#goToRow(message.row);
        break;
      case 'logResults':
        break;
    }
    this.#draw();
  }

  /** Shows the end, and what is added to it. */
  follow(): void {
    this.#following = true;
    this.#cursor = null;
    this.#draw();
  }

  focus(): void {
    this.#scroller.focus();
  }

  #apply(state: LogState, tail: LogTail | null): void {
    const before = this.#log;
    this.#log = state;
    if (before?.view !== state.view || before.generation !== state.generation) {
      this.#cache.clear();
      this.#layer.forget();
      this.#whole.clear();
      this.#cursor = null;
      this.#anchor = null;
      if (before?.generation !== state.generation) {
        this.#following = true;
      }
    }
    this.#tail = tail ?? this.#tail;
    if (tail !== null && tail.from !== null) {
      this.#cache.put(tail.from, tail.rows);
    }
    this.#deps.onEmpty(state.counted && state.lines === 0 && tail?.partial.length === 0 && state.problem === null);
  }

  /** While the rows before are not counted, the rows at the end are all there is. */
  get #isTailOnly(): boolean {
    return this.#tail?.from === null;
  }

  get #rows(): number {
    return this.#isTailOnly ? (this.#tail?.rows.length ?? 0) : (this.#log?.rows ?? 0);
  }

  #row(row: number): LogRowView | undefined {
    if (row >= this.#rows) {
      return this.#tail?.partial[row - this.#rows];
    }
    return this.#isTailOnly ? this.#tail?.rows[row] : this.#cache.get(row);
  }

  get #viewport(): Viewport {
    return {
      rows: this.#rows + (this.#tail?.partial.length ?? 0),
      rowHeight: this.#layer.rowHeight,
      height: Math.max(1, this.#scroller.clientHeight),
    };
  }

  #draw(): void {
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#paint();
      });
    }
  }

  #paint(): void {
    const viewport = this.#viewport;
    this.#top = this.#following ? lastTop(viewport) : clampTop(viewport, this.#top);
    const first = Math.floor(this.#top);
    const last = Math.min(viewport.rows, first + rowsInSight(viewport) + 2);
    if (!this.#isTailOnly) {
      const reach = this.#direction > 0 ? [64, ahead] : [ahead, 64];
      this.#cache.want(first, last, this.#rows);
      this.#cache.want(first - (reach[0] ?? 0), last + (reach[1] ?? 0), this.#rows);
    }
    this.#spacer.style.height = `${contentHeight(viewport)}px`;
    this.#layer.element.style.height = `${viewport.height}px`;
    this.#layer.show(
      first,
      Array.from({ length: last - first }, (_, index) => this.#row(first + index)),
      {
        wrap: this.#settings.wrap,
        offset: this.#top - first,
        atEnd: this.#following,
        cursor: this.#cursor,
        selection: this.#selection,
        look: (row, index) => this.#look(row, index),
        total: this.#rows,
      },
    );
    this.#placeScroller(viewport);
    this.#drawBars();
    this.#showNewLines();
    if (this.#painted > 0) {
      this.#deps.send({ type: 'logPainted', id: this.#painted });
      this.#painted = 0;
    }
  }

  #placeScroller(viewport: Viewport): void {
    const wanted = Math.round(scrollTopOf(viewport, this.#top));
    if (Math.abs(this.#scroller.scrollTop - wanted) >= 1) {
      this.#scroller.scrollTop = wanted;
      this.#scrollSet = this.#scroller.scrollTop;
    }
  }

  #look(row: LogRowView, index: number): RowLook {
    const { times, numbers } = this.#settings;
    const { streams = [], startedAt = null } = this.#log ?? {};
    const before = index > 0 ? (this.#row(index - 1)?.time ?? null) : null;
    return {
      numbers,
      time: timeText(times, row.time, startedAt, before),
      stream: streams[row.stream],
      streamColumn:
        streams.some(({ name, task, node }) => task > 0 || node > 0 || (name !== 'stdout' && name !== 'stderr')) &&
        streams.length > 1,
      found: this.#highlight(visibleText(row.text)),
      whole: this.#whole.get(row.line),
    };
  }

  #drawBars(): void {
    const state: BarState = {
      ...this.#shown,
      settings: this.#settings,
      log: this.#log,
      find: this.#find,
      position: this.#position,
      marks: this.#marks,
      said: this.#said,
    };
    render(
      h(Bars, {
        ...state,
        send: this.#deps.send,
        set: (change) => {
          this.#set(change);
        },
        show: (change) => {
          this.#show(change);
        },
        step: (backward) => {
          this.#stepFind(backward);
        },
        mark: (kind, backward) => {
          this.#do({ kind: 'mark', mark: kind, backward });
        },
        goTo: (line) => {
          this.#goToRow(line);
        },
        copyAll: (numbers) => {
          this.#deps.send({ type: 'logCopy', from: 0, to: Math.max(0, this.#rows - 1), numbers });
        },
        leave: () => {
          this.#do({ kind: 'leave' });
        },
      }),
      this.#bars,
    );
  }

  #set(change: Partial<LogSettings>): void {
    const before = this.#settings;
    this.#settings = { ...before, ...change };
    this.#deps.remember(this.#settings);
    const { findOpen, query, filterOpen, filter } = this.#settings;
    if (findOpen !== before.findOpen || query !== before.query) {
      this.#searchSoon();
    }
    if (filterOpen !== before.filterOpen || (filterOpen && filter !== before.filter)) {
      this.#filterSoon();
    }
    this.#layer.forget();
    this.#drawBars();
    if (findOpen && !before.findOpen) {
      this.#focusInput('#log-find');
    } else if (filterOpen && !before.filterOpen) {
      this.#focusInput('#log-include');
    }
    this.#draw();
  }

  #show(change: Partial<Popups>): void {
    this.#shown = { ...this.#shown, ...change };
    this.#drawBars();
    if (change.goToOpen === true) {
      this.#focusInput('#log-go-to');
    }
  }

  #focusInput(selector: string): void {
    const input = this.#bars.querySelector<HTMLInputElement>(selector);
    input?.focus();
    input?.select();
  }

  #searchSoon(): void {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => {
      this.#search();
    }, typingRests);
  }

  #search(): void {
    const { findOpen, query } = this.#settings;
    const wanted = findOpen && query.text !== '' ? query : null;
    this.#findId += 1;
    this.#find = undefined;
    this.#position = null;
    this.#highlight = highlighter(wanted);
    this.#layer.forget();
    this.#ruler.show({ matches: [] });
    this.#deps.send({ type: 'logFind', id: this.#findId, query: wanted });
    this.#draw();
  }

  #filterSoon(): void {
    const { filterOpen, filter } = this.#settings;
    const wanted = filterOpen && narrows(filter) ? filter : null;
    this.#deps.send({ type: 'logFilter', filter: wanted });
    this.#following = true;
  }

  /** What was set before the webview was hidden, told to an extension that knows nothing of it. */
  restore(): void {
    this.#search();
    if (this.#settings.filterOpen && narrows(this.#settings.filter)) {
      this.#filterSoon();
    }
  }

  #stepFind(backward: boolean): void {
    this.#deps.send({ type: 'logFindStep', row: this.#here(backward), backward });
  }

  /** Where a step to the next begins: the cursor, else what is in sight. */
  #here(backward: boolean): number {
    if (this.#cursor !== null) {
      return this.#cursor;
    }
    const top = Math.floor(this.#top);
    return backward || this.#following ? this.#rows : top - 1;
  }

  #arrive(row: number | null, position: number | null): void {
    if (row === null) {
      this.#say(t('None in this log'));
      return;
    }
    this.#position = position;
    this.#goToRow(row);
  }

  /** Puts the cursor on a row, and the row in sight: in the middle unless it is there already. */
  #goToRow(row: number): void {
    const viewport = this.#viewport;
    const wanted = Math.min(Math.max(0, row), Math.max(0, viewport.rows - 1));
    this.#cursor = wanted;
    this.#anchor = null;
    const top = Math.floor(this.#top);
    if (wanted < top + 1 || wanted >= top + rowsInSight(viewport) - 1) {
      this.#goTo(wanted - rowsInSight(viewport) / 2);
    } else {
      this.#letGo();
    }
    this.#say(visibleText(this.#row(wanted)?.text ?? ''));
    this.#draw();
  }

  #goTo(top: number): void {
    const viewport = this.#viewport;
    this.#direction = top >= this.#top ? 1 : -1;
    this.#letGo();
    this.#top = clampTop(viewport, top);
    this.#draw();
  }

  #letGo(): void {
    if (this.#following) {
      this.#following = false;
      this.#seen = this.#rows;
    }
  }

  /** Down to the end means to follow it again. */
  #scrollBy(rows: number): void {
    const viewport = this.#viewport;
    if (rows > 0 && this.#top + rows >= lastTop(viewport) - 0.01) {
      this.follow();
    } else {
      this.#goTo((this.#following ? lastTop(viewport) : this.#top) + rows);
    }
  }

  get #selection(): readonly [number, number] | null {
    return this.#anchor === null || this.#cursor === null
      ? null
      : [Math.min(this.#anchor, this.#cursor), Math.max(this.#anchor, this.#cursor)];
  }

  #showNewLines(): void {
    const unseen = this.#rows - this.#seen;
    this.#newLines.hidden = this.#following || this.#rows === 0;
    this.#newLines.textContent = unseen > 0 ? t('{0} new lines', unseen.toLocaleString()) : t('Go to the end');
  }

  #say(text: string): void {
    this.#said = text.slice(0, 500);
  }

  #listen(): void {
    this.#newLines.addEventListener('click', () => {
      this.follow();
      this.focus();
    });
    this.#scroller.addEventListener(
      'wheel',
      (event) => {
        if (event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          return;
        }
        event.preventDefault();
        const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? this.#layer.rowHeight : 1;
        this.#scrollBy(event.deltaY / unit);
      },
      { passive: false },
    );
    this.#scroller.addEventListener('scroll', () => {
      const { scrollTop } = this.#scroller;
      if (Math.abs(scrollTop - this.#scrollSet) < 1) {
        return;
      }
      this.#scrollSet = scrollTop;
      const viewport = this.#viewport;
      if (scrollTop >= contentHeight(viewport) - viewport.height - 1) {
        this.follow();
      } else {
        this.#goTo(topOf(viewport, scrollTop));
      }
    });
    this.#scroller.addEventListener('keydown', (event) => {
      const command = commandOf(event);
      if (command !== undefined && this.#do(command)) {
        event.preventDefault();
        event.stopPropagation();
      }
    });
    this.#layer.element.addEventListener('click', (event) => {
      this.#click(event);
    });
    document.addEventListener('selectionchange', () => {
      const selection = document.getSelection();
      if (selection?.isCollapsed === false && this.#layer.element.contains(selection.anchorNode)) {
        this.#letGo();
        this.#showNewLines();
      }
    });
    new ResizeObserver(() => {
      this.#ruler.draw();
      this.#draw();
    }).observe(this.#scroller);
  }

  #click(event: MouseEvent): void {
    const at = event.target instanceof Element ? event.target : null;
    const row = this.#layer.rowAt(at);
    const target = at?.closest<HTMLElement>('.target');
    if (target !== null && target !== undefined) {
      this.#open(target);
    } else if (at?.closest('.expand') !== null && row !== null) {
      this.#expand(row);
    } else if (row !== null && document.getSelection()?.isCollapsed !== false) {
      this.#anchor = event.shiftKey ? (this.#anchor ?? this.#cursor ?? row) : null;
      this.#cursor = row;
      this.#letGo();
      this.#draw();
    }
  }

  #open({ dataset }: HTMLElement): void {
    const { url, path, line } = dataset;
    if (url !== undefined) {
      this.#deps.send({ type: 'logOpenLink', url });
    } else if (path !== undefined) {
      this.#deps.send({ type: 'logOpenFile', path, line: Number(line) });
    }
  }

  #expand(row: number): void {
    const line = this.#row(row)?.line ?? -1;
    if (this.#whole.delete(line)) {
      this.#layer.forget();
      this.#draw();
    } else if (line >= 0) {
      this.#letGo();
      this.#deps.send({ type: 'logWhole', line });
    }
  }

  /** False when the key is left to the browser. */
  #do(command: LogCommand): boolean {
    switch (command.kind) {
      case 'move':
        this.#move(command.rows);
        return true;
      case 'select':
        this.#anchor ??= this.#cursor ?? Math.max(0, Math.min(this.#rows - 1, Math.floor(this.#top)));
        this.#moveTo((this.#cursor ?? this.#anchor) + command.rows);
        return true;
      case 'page':
        this.#scrollBy(command.pages * Math.max(1, rowsInSight(this.#viewport) - 1));
        this.#cursor = null;
        return true;
      case 'scroll':
        this.#scrollBy(command.rows);
        return true;
      case 'start':
        this.#cursor = null;
        this.#goTo(0);
        return true;
      case 'end':
        this.follow();
        return true;
      case 'match':
        this.#stepFind(command.backward);
        return true;
      case 'mark': {
        const row = this.#here(command.backward);
        this.#deps.send({ type: 'logMarkStep', kind: command.mark, row, backward: command.backward });
        return true;
      }
      case 'find':
        this.#set({ findOpen: true });
        this.#focusInput('#log-find');
        return true;
      case 'filter':
        this.#set({ filterOpen: !this.#settings.filterOpen });
        return true;
      case 'wrap':
        this.#set({ wrap: !this.#settings.wrap });
        return true;
      case 'times':
        this.#set({ times: nextTimes(this.#settings.times) });
        return true;
      case 'goTo':
        this.#show({ goToOpen: true });
        return true;
      case 'keys':
        this.#show({ keysOpen: true });
        return true;
      case 'selectAll':
        this.#anchor = 0;
        this.#cursor = Math.max(0, this.#rows - 1);
        this.#letGo();
        this.#draw();
        return true;
      case 'copy':
        return this.#copy();
      case 'open':
        return this.#openAtCursor();
      case 'leave':
        this.#leave();
        return true;
    }
  }

  #move(rows: number): void {
    this.#anchor = null;
    if (this.#cursor === null) {
      const top = Math.ceil(this.#top);
      this.#moveTo(this.#following ? this.#rows - 1 : rows > 0 ? top : top + rowsInSight(this.#viewport) - 1);
    } else {
      this.#moveTo(this.#cursor + rows);
    }
  }

  #moveTo(row: number): void {
    const viewport = this.#viewport;
    const wanted = Math.min(Math.max(0, row), Math.max(0, viewport.rows - 1));
    this.#cursor = wanted;
    this.#say(visibleText(this.#row(wanted)?.text ?? ''));
    const top = Math.floor(this.#top);
    if (wanted < this.#top) {
      this.#goTo(wanted);
    } else if (wanted >= top + rowsInSight(viewport)) {
      this.#goTo(wanted - rowsInSight(viewport) + 1);
    } else {
      this.#letGo();
      this.#draw();
    }
  }

  #copy(): boolean {
    const selection = this.#selection;
    if (selection === null || document.getSelection()?.isCollapsed === false) {
      return false;
    }
    this.#deps.send({ type: 'logCopy', from: selection[0], to: selection[1], numbers: false });
    return true;
  }

  #openAtCursor(): boolean {
    const element = this.#cursor === null ? undefined : this.#layer.elementOf(this.#cursor);
    const target = element?.querySelector<HTMLElement>('.target');
    if (target !== null && target !== undefined) {
      this.#open(target);
      return true;
    }
    if (this.#cursor !== null && element?.querySelector('.expand') !== null) {
      this.#expand(this.#cursor);
      return true;
    }
    return false;
  }

  #leave(): void {
    if (this.#shown.goToOpen || this.#shown.keysOpen || this.#shown.menuOpen) {
      this.#show({ goToOpen: false, keysOpen: false, menuOpen: false });
    } else if (this.#settings.findOpen && !(document.activeElement?.closest('.log-filter') instanceof Element)) {
      this.#set({ findOpen: false });
    } else {
      this.#cursor = null;
      this.#anchor = null;
    }
    this.focus();
    this.#draw();
  }
}

function nextTimes(times: LogSettings['times']): LogSettings['times'] {
  const order = { off: 'clock', clock: 'elapsed', elapsed: 'delta', delta: 'off' } as const;
  return order[times];
}
