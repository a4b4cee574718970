import { queryProblem } from '../../../src/core/lineQuery.ts';
import { type LineFilter, type LineLevel, noFilter } from '../../../src/core/logRow.ts';
import { t } from '../../ui/l10n.ts';
import { streamLabel } from '../streamLabel.ts';
import { noQuery } from '../viewerState.ts';
import type { BarProps } from './barProps.ts';
import { Choices } from './Choices.tsx';
import { QueryInput } from './QueryInput.tsx';
import { TimeRange } from './TimeRange.tsx';
import { Tool } from './Tool.tsx';

/** Which lines are shown. Closed, all are; what was set is kept. */
export function FilterBar(props: BarProps) {
  const { settings, set, log } = props;
  const { filter } = settings;
  const streams = log?.streams ?? [];
  const ranks = log?.ranks ?? [];
  const change = (part: Partial<LineFilter>): void => {
    set({ filter: { ...filter, ...part } });
  };
  const query = (side: 'include' | 'exclude', label: string) => (
    <QueryInput
      id={`log-${side}`}
      label={label}
      query={filter[side] ?? noQuery}
      problem={filter[side] === null ? null : queryProblem(filter[side])}
      change={(part) => {
        const next = { ...(filter[side] ?? noQuery), ...part };
        change({ [side]: next.text === '' ? null : next });
      }}
      enter={() => {
        document.querySelector<HTMLElement>('.log-scroller')?.focus();
      }}
    />
  );
  const levels: readonly { readonly value: LineLevel; readonly label: string }[] = [
    { value: 'error', label: t('errors') },
    { value: 'warning', label: t('warnings') },
  ];
  return (
    <div class="log-filter" role="group" aria-label={t('Filter')}>
      {query('include', t('Show only lines with'))}
      {query('exclude', t('Hide lines with'))}
      <Choices
        label={t('Levels')}
        choices={levels}
        chosen={filter.levels}
        change={(levels) => {
          change({ levels });
        }}
      />
      {streams.length > 1 ? (
        <Choices
          label={t('Streams')}
          choices={streams.map((stream, value) => ({ value, label: streamLabel(stream, streams) }))}
          chosen={filter.streams}
          change={(streams) => {
            change({ streams });
          }}
        />
      ) : null}
      {ranks.length > 1 ? (
        <Choices
          label={t('Ranks')}
          choices={ranks.map((value) => ({ value, label: String(value) }))}
          chosen={filter.ranks}
          change={(ranks) => {
            change({ ranks });
          }}
        />
      ) : null}
      {props.hasTimes ? <TimeRange from={filter.from} to={filter.to} change={change} /> : null}
      <label class="field">
        {t('Context')}
        <input
          type="number"
          min={0}
          max={100}
          value={filter.context}
          onInput={(event) => {
            change({ context: Math.min(100, Math.max(0, Math.trunc(event.currentTarget.valueAsNumber) || 0)) });
          }}
        />
      </label>
      <span class="filter-note" role="status">
        {log?.filterProblem ?? (log?.filtering === true ? t('Filtering…') : '')}
      </span>
      <span class="space" />
      <Tool
        label={t('Clear the filter')}
        icon="clear-all"
        act={() => {
          set({ filter: noFilter });
        }}
      />
      <Tool
        label={t('Show everything again (f)')}
        icon="close"
        act={() => {
          set({ filterOpen: false });
        }}
      />
    </div>
  );
}
