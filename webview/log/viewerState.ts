import { type LineFilter, type LineQuery, noFilter } from '../../src/core/logRow.ts';
import type { FindState, LogMarks, LogState } from '../../src/protocol/logView.ts';
import type { TimeMode } from './times.ts';

/** What a person set; survives a hidden or reloaded webview. */
export interface LogSettings {
  readonly wrap: boolean;
  readonly times: TimeMode;
  readonly numbers: boolean;
  readonly query: LineQuery;
  readonly findOpen: boolean;
  readonly resultsOpen: boolean;
  readonly filter: LineFilter;
  /** The filter is on; while it is off it is only kept. */
  readonly filterOpen: boolean;
}

export const noQuery: LineQuery = { text: '', isRegex: false, matchCase: false, wholeWord: false };

export const defaultSettings: LogSettings = {
  wrap: false,
  times: 'clock',
  numbers: false,
  query: noQuery,
  findOpen: false,
  resultsOpen: false,
  filter: noFilter,
  filterOpen: false,
};

/** What is open above the rows, one at a time. */
export type Popup = 'menu' | 'goTo' | 'keys' | null;

/** Everything that the bars around the rows show. */
export interface BarState {
  readonly settings: LogSettings;
  readonly log: LogState | undefined;
  /** Minutes since 1970, begun: what the bars tell of time they tell anew. */
  readonly minute: number;
  readonly hasTimes: boolean;
  readonly find: FindState | undefined;
  /** 0-based position of the match that was gone to; null before. */
  readonly position: number | null;
  /** The pattern takes so long that lines are left unmarked. */
  readonly isUnmarked: boolean;
  readonly marks: LogMarks | undefined;
  readonly popup: Popup;
  /** First and last row, both included. */
  readonly selection: readonly [number, number] | null;
  /** What became of the last wish to go somewhere, until the next key. */
  readonly note: string | null;
  /** Said to a screen reader. */
  readonly said: string;
}

/** Whether anything would be left out. */
export function narrows(filter: LineFilter): boolean {
  const { include, exclude, levels, streams, ranks, from, to } = filter;
  return [include, exclude, levels, streams, ranks, from, to].some((part) => part !== null);
}

/** What is to be searched for, null when nothing is. */
export function wantedQuery({ findOpen, query }: LogSettings): LineQuery | null {
  return findOpen && query.text !== '' ? query : null;
}

/** What the rows are to be narrowed by, null when they are not. */
export function wantedFilter({ filterOpen, filter }: LogSettings): LineFilter | null {
  return filterOpen && narrows(filter) ? filter : null;
}

export function isSameQuery(one: LineQuery, other: LineQuery): boolean {
  return (
    one.text === other.text &&
    one.isRegex === other.isRegex &&
    one.matchCase === other.matchCase &&
    one.wholeWord === other.wholeWord
  );
}

/** Whether the bars would look the same. */
export function isSameState(one: BarState | undefined, other: BarState): boolean {
  return (
    one !== undefined &&
    one.settings === other.settings &&
    one.log === other.log &&
    one.minute === other.minute &&
    one.hasTimes === other.hasTimes &&
    one.find === other.find &&
    one.position === other.position &&
    one.isUnmarked === other.isUnmarked &&
    one.marks === other.marks &&
    one.popup === other.popup &&
    one.note === other.note &&
    one.said === other.said &&
    one.selection?.[0] === other.selection?.[0] &&
    one.selection?.[1] === other.selection?.[1]
  );
}
