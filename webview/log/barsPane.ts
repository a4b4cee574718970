import { h, render } from 'preact';

import { Bars } from './bars/Bars.tsx';
import type { BarActions } from './bars/barProps.ts';
import { type BarState, isSameState, type LogSettings, type Popup } from './viewerState.ts';

export interface BarsPaneDeps extends Pick<BarActions, 'run' | 'goToLine' | 'send'> {
  readonly settings: LogSettings;
  /** What the bars tell of the log and of the rows. */
  readonly told: () => Omit<BarState, 'settings' | 'minute' | 'popup' | 'note' | 'said'>;
  readonly changed: (settings: LogSettings, before: LogSettings) => void;
  /** What was open is closed: the keyboard belongs to the rows. */
  readonly closed: () => void;
  readonly drawn: (state: BarState) => void;
}

/** How often the bars may tell another time, in ms. */
const tellTimeEvery = 10_000;

/** The bars around the rows, what a person sets in them, and what is said there. */
export class BarsPane {
  readonly element = document.createElement('div');
  /** What became of the last wish to go somewhere, until the next key. */
  note: string | null = null;
  readonly #deps: BarsPaneDeps;
  readonly #actions: BarActions;
  #settings: LogSettings;
  #popup: Popup = null;
  #said = '';
  #shown: BarState | undefined;

  constructor(deps: BarsPaneDeps) {
    this.#deps = deps;
    this.#settings = deps.settings;
    this.#actions = {
      set: (change) => {
        this.set(change);
      },
      show: (popup) => {
        this.show(popup);
      },
      run: deps.run,
      goToLine: deps.goToLine,
      send: deps.send,
    };
    this.element.className = 'log-bars';
    setInterval(() => {
      this.draw();
    }, tellTimeEvery);
  }

  get settings(): LogSettings {
    return this.#settings;
  }

  get popup(): Popup {
    return this.#popup;
  }

  set(change: Partial<LogSettings>): void {
    const before = this.#settings;
    this.#settings = { ...before, ...change };
    const { findOpen, filterOpen } = this.#settings;
    this.#deps.changed(this.#settings, before);
    this.draw();
    if (findOpen && !before.findOpen) {
      this.focus('#log-find');
    } else if (filterOpen && !before.filterOpen) {
      this.focus('#log-include');
    } else if ((before.findOpen && !findOpen) || (before.filterOpen && !filterOpen)) {
      this.#deps.closed();
    }
  }

  /** Opens one and closes the others. */
  show(popup: Popup): void {
    this.#popup = popup;
    this.draw();
    if (popup === 'goTo') {
      this.focus('#log-go-to');
    } else if (popup === null) {
      this.#deps.closed();
    }
  }

  focus(selector: string): void {
    const input = this.element.querySelector<HTMLInputElement>(selector);
    input?.focus();
    input?.select();
  }

  /** To a screen reader, again when it is the same as before, which a changed text alone would not bring about. */
  say(text: string): void {
    const next = text.slice(0, 500);
    this.#said = next === this.#said ? `${next}\u00a0` : next;
  }

  /** Not again while scrolling, when nothing that the bars tell of changes. */
  draw(): void {
    const state: BarState = {
      ...this.#deps.told(),
      settings: this.#settings,
      minute: Math.round(Date.now() / 60_000),
      popup: this.#popup,
      note: this.note,
      said: this.#said,
    };
    if (!isSameState(this.#shown, state)) {
      this.#shown = state;
      render(h(Bars, { ...state, ...this.#actions }), this.element);
      this.#deps.drawn(state);
    }
  }
}
