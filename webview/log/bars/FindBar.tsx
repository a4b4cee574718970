import type { FindState } from '../../../src/protocol/logView.ts';
import { t } from '../../ui/l10n.ts';
import { isSameQuery } from '../viewerState.ts';
import type { BarProps } from './barProps.ts';
import { QueryInput } from './QueryInput.tsx';
import { Tool } from './Tool.tsx';

export function FindBar(props: BarProps) {
  const { settings, set, find, position, isUnmarked, run } = props;
  const { query, filter } = settings;
  const isNone = find?.done === true && find.matches === 0;
  const isFilter = settings.filterOpen && filter.include !== null && isSameQuery(filter.include, query);
  return (
    <div class="log-find" role="search">
      <QueryInput
        id="log-find"
        label={t('Find in the log')}
        query={query}
        problem={find?.problem ?? null}
        change={(part) => {
          set({ query: { ...query, ...part } });
        }}
        enter={(backward) => {
          run({ kind: 'match', backward });
        }}
      />
      <span class={`log-matches${isNone || (find?.problem ?? null) !== null ? ' none' : ''}`}>
        {query.text === '' ? '' : find === undefined ? t('Searching…') : matchText(find, position)}
      </span>
      {find?.isPartial === true ? (
        <span class="log-unmarked muted" title={t('Of a very long line only the first 100 MB were searched')}>
          {t('not all searched')}
        </span>
      ) : null}
      {isUnmarked ? (
        <span
          class="log-unmarked muted"
          title={t('The pattern takes too long on some lines, so matches are not marked in them')}
        >
          {t('not all marked')}
        </span>
      ) : null}
      <span class="tools">
        <Tool
          label={t('Previous (Shift+Enter, N)')}
          icon="arrow-up"
          disabled={isNone}
          act={() => {
            run({ kind: 'match', backward: true });
          }}
        />
        <Tool
          label={t('Next (Enter, n)')}
          icon="arrow-down"
          disabled={isNone}
          act={() => {
            run({ kind: 'match', backward: false });
          }}
        />
        <Tool
          label={t('List of results (r)')}
          icon="list-flat"
          on={settings.resultsOpen}
          act={() => {
            run({ kind: 'results' });
          }}
        />
        <Tool
          label={t('Show only lines that match')}
          icon="filter"
          on={isFilter}
          act={() => {
            set({ filterOpen: true, filter: { ...filter, include: isFilter || query.text === '' ? null : query } });
          }}
        />
      </span>
      <span class="space" />
      <Tool
        label={t('Close (Escape)')}
        icon="close"
        act={() => {
          set({ findOpen: false });
        }}
      />
    </div>
  );
}

function matchText({ matches, done, problem }: FindState, position: number | null): string {
  if (problem !== null) {
    return problem;
  }
  if (matches === 0) {
    return done ? t('No results') : t('Searching…');
  }
  const count = `${matches.toLocaleString()}${done ? '' : '+'}`;
  if (position === null && matches === 1 && done) {
    return t('1 line');
  }
  return position === null ? t('{0} lines', count) : t('{0} of {1}', (position + 1).toLocaleString(), count);
}
