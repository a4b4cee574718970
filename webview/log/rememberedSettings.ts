import { type LineFilter, type LineQuery, noFilter } from '../../src/core/logRow.ts';
import { timeModes } from './times.ts';
import { defaultSettings, type LogSettings, noQuery } from './viewerState.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What a page remembered of its viewer, as `log`; what is damaged is at its default. undefined when nothing was remembered. */
export function rememberedSettings(state: unknown): LogSettings | undefined {
  const record = fields(fields(state)?.['log']);
  return record === undefined
    ? undefined
    : {
        wrap: record['wrap'] === true,
        times: timeModes.find((mode) => mode === record['times']) ?? defaultSettings.times,
        numbers: record['numbers'] === true,
        query: parseQuery(record['query']) ?? noQuery,
        findOpen: record['findOpen'] === true,
        resultsOpen: record['resultsOpen'] === true,
        filter: parseFilter(record['filter']),
        filterOpen: record['filterOpen'] === true,
      };
}

function parseQuery(value: unknown): LineQuery | null {
  const record = fields(value);
  return typeof record?.['text'] === 'string'
    ? {
        text: record['text'],
        isRegex: record['isRegex'] === true,
        matchCase: record['matchCase'] === true,
        wholeWord: record['wholeWord'] === true,
      }
    : null;
}

function parseFilter(value: unknown): LineFilter {
  const record = fields(value) ?? {};
  const levels = numbersOrNames(record['levels']).filter((level) => level === 'error' || level === 'warning');
  return {
    ...noFilter,
    include: parseQuery(record['include']),
    exclude: parseQuery(record['exclude']),
    context: typeof record['context'] === 'number' ? record['context'] : 0,
    levels: levels.length === 0 ? null : levels,
    streams: counts(record['streams']),
    ranks: counts(record['ranks']),
    from: time(record['from']),
    to: time(record['to']),
  };
}

function time(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function counts(value: unknown): readonly number[] | null {
  const found = numbersOrNames(value).filter((one) => typeof one === 'number');
  return found.length === 0 ? null : found;
}

function numbersOrNames(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}
