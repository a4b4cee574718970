import type { LineFilter, LineQuery } from '../../src/core/logRow.ts';
import type { FindState, LogMarks, LogState } from '../../src/protocol/logView.ts';
import type { TimeMode } from './times.ts';

/** What a person set; survives a hidden or reloaded webview. */
export interface LogSettings {
  readonly wrap: boolean;
  readonly times: TimeMode;
  readonly numbers: boolean;
  readonly query: LineQuery;
  readonly findOpen: boolean;
  readonly filter: LineFilter;
  /** The filter is on; while it is off it is only kept. */
  readonly filterOpen: boolean;
}

export const noQuery: LineQuery = { text: '', isRegex: false, matchCase: false, wholeWord: false };

export const noFilter: LineFilter = {
  include: null,
  exclude: null,
  context: 0,
  levels: null,
  streams: null,
  ranks: null,
  from: null,
  to: null,
};

export const defaultSettings: LogSettings = {
  wrap: false,
  times: 'clock',
  numbers: false,
  query: noQuery,
  findOpen: false,
  filter: noFilter,
  filterOpen: false,
};

/** Everything that the bars around the rows show. */
export interface BarState {
  readonly settings: LogSettings;
  readonly log: LogState | undefined;
  readonly find: FindState | undefined;
  /** 0-based position of the match that was gone to; null before. */
  readonly position: number | null;
  readonly marks: LogMarks | undefined;
  readonly goToOpen: boolean;
  readonly keysOpen: boolean;
  readonly menuOpen: boolean;
  /** Said to a screen reader. */
  readonly said: string;
}

/** Whether anything would be left out. */
export function narrows(filter: LineFilter): boolean {
  const { include, exclude, levels, streams, ranks, from, to } = filter;
  return [include, exclude, levels, streams, ranks, from, to].some((part) => part !== null);
}
