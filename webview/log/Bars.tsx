import type { ComponentChildren } from 'preact';

import type { LineFilter, LineLevel, LineQuery } from '../../src/core/logRow.ts';
import type { LogToHost } from '../../src/protocol/logView.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { streamLabel } from './rowElement.ts';
import { sizeText, truthText } from './statusText.ts';
import { type TimeMode, timeModes } from './times.ts';
import { type BarState, type LogSettings, narrows } from './viewerState.ts';

export interface BarActions {
  readonly set: (change: Partial<LogSettings>) => void;
  readonly show: (change: Partial<Pick<BarState, 'goToOpen' | 'keysOpen' | 'menuOpen'>>) => void;
  readonly step: (backward: boolean) => void;
  readonly mark: (kind: 'error' | 'failure', backward: boolean) => void;
  readonly goTo: (line: number) => void;
  readonly copyAll: (numbers: boolean) => void;
  readonly send: (message: LogToHost) => void;
  readonly leave: () => void;
}

type Props = BarState & BarActions;

/** What stands above the rows: one calm line, and what is open below it. */
export function Bars(props: Props) {
  const { settings } = props;
  return (
    <>
      <StatusLine {...props} />
      {settings.findOpen ? <FindBar {...props} /> : null}
      {settings.filterOpen ? <FilterBar {...props} /> : null}
      {props.goToOpen ? <GoTo {...props} /> : null}
      {props.keysOpen ? <Keys {...props} /> : null}
      <div class="log-said" role="status">
        {props.said}
      </div>
    </>
  );
}

function StatusLine(props: Props) {
  const { log, marks, settings, set, show, mark } = props;
  if (log === undefined) {
    return <div class="log-bar" />;
  }
  const filtered = log.filter === null ? '' : t('{0} shown', log.rows.toLocaleString());
  return (
    <div class="log-bar">
      <span class={`log-status ${log.truth}`} title={log.gaps.map(({ reason }) => reason).join('\n')}>
        <span class="dot" aria-hidden="true" />
        {log.problem ?? truthText(log)}
      </span>
      <span class="log-size muted">{sizeText(log)}</span>
      {filtered === '' ? null : <span class="log-shown">{filtered}</span>}
      <span class="space" />
      {marks !== undefined && marks.errors > 0 ? (
        <Tool
          label={t('Next error (e)')}
          icon="error"
          tint="red"
          text={marks.errors.toLocaleString()}
          act={() => {
            mark('error', false);
          }}
        />
      ) : null}
      {marks !== undefined && marks.failures > 0 ? (
        <Tool
          label={t('Next traceback (t)')}
          icon="debug-breakpoint-log"
          tint="red"
          text={marks.failures.toLocaleString()}
          act={() => {
            mark('failure', false);
          }}
        />
      ) : null}
      <Tool
        label={t('Find (/)')}
        icon="search"
        on={settings.findOpen}
        act={() => {
          set({ findOpen: !settings.findOpen });
        }}
      />
      <Tool
        label={t('Filter (f)')}
        icon={narrows(settings.filter) ? 'filter-filled' : 'filter'}
        on={settings.filterOpen}
        act={() => {
          set({ filterOpen: !settings.filterOpen });
        }}
      />
      <Tool
        label={t('Wrap lines (w)')}
        icon="word-wrap"
        on={settings.wrap}
        act={() => {
          set({ wrap: !settings.wrap });
        }}
      />
      <Tool
        label={t('More')}
        icon="ellipsis"
        on={props.menuOpen}
        act={() => {
          show({ menuOpen: !props.menuOpen });
        }}
      />
      {props.menuOpen ? <Menu {...props} /> : null}
    </div>
  );
}

function Tool(props: {
  readonly label: string;
  readonly icon: string;
  readonly act: () => void;
  readonly on?: boolean;
  readonly tint?: string;
  readonly text?: string;
}) {
  return (
    <button
      type="button"
      class="tool"
      title={props.label}
      aria-label={props.text === undefined ? props.label : `${props.label}: ${props.text}`}
      aria-pressed={props.on}
      onClick={props.act}
    >
      <Icon name={props.icon} tint={props.tint} />
      {props.text}
    </button>
  );
}

function Menu(props: Props) {
  const { settings, set, show, send } = props;
  const close = (then: () => void) => (): void => {
    show({ menuOpen: false });
    then();
  };
  const timeLabels: Readonly<Record<TimeMode, string>> = {
    off: t('No times'),
    clock: t('Time of day'),
    elapsed: t('Time since the start'),
    delta: t('Time since the line before'),
  };
  const item = (label: string, act: () => void, checked?: boolean): ComponentChildren => (
    <button
      type="button"
      role={checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
      aria-checked={checked}
      onClick={close(act)}
    >
      <span class="check">{checked === true ? <Icon name="check" /> : null}</span>
      {label}
    </button>
  );
  return (
    <div class="log-menu" role="menu">
      {timeModes.map((times) =>
        item(
          timeLabels[times],
          () => {
            set({ times });
          },
          settings.times === times,
        ),
      )}
      <hr />
      {item(
        t('Line numbers'),
        () => {
          set({ numbers: !settings.numbers });
        },
        settings.numbers,
      )}
      <hr />
      {item(t('Copy all'), () => {
        props.copyAll(false);
      })}
      {item(t('Copy all with line numbers'), () => {
        props.copyAll(true);
      })}
      {item(t('Save the log…'), () => {
        send({ type: 'logExport', what: 'log' });
      })}
      {props.log?.filter === null
        ? null
        : item(t('Save the lines shown…'), () => {
            send({ type: 'logExport', what: 'view' });
          })}
      {item(t('Open as a document'), () => {
        send({ type: 'logAsDocument' });
      })}
      <hr />
      {item(t('Go to line… (:)'), () => {
        show({ goToOpen: true });
      })}
      {item(t('Keys… (?)'), () => {
        show({ keysOpen: true });
      })}
    </div>
  );
}

function FindBar(props: Props) {
  const { settings, set, find, position } = props;
  const { query } = settings;
  const change = (part: Partial<LineQuery>): void => {
    set({ query: { ...query, ...part } });
  };
  return (
    <div class="log-find" role="search">
      <QueryInput
        id="log-find"
        label={t('Find in the log')}
        query={query}
        change={change}
        enter={props.step}
        leave={props.leave}
      />
      <span class={`log-matches ${find?.problem === undefined || find.problem === null ? '' : 'tint-red'}`}>
        {find === undefined || query.text === '' ? '' : matchText(find, position)}
      </span>
      <Tool
        label={t('Previous (N)')}
        icon="arrow-up"
        act={() => {
          props.step(true);
        }}
      />
      <Tool
        label={t('Next (n)')}
        icon="arrow-down"
        act={() => {
          props.step(false);
        }}
      />
      <Tool
        label={t('Show only lines that match')}
        icon="filter"
        on={settings.filterOpen && settings.filter.include !== null}
        act={() => {
          const include = settings.filterOpen && settings.filter.include !== null ? null : query;
          set({ filterOpen: true, filter: { ...settings.filter, include } });
        }}
      />
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

function matchText({ matches, done, problem }: NonNullable<BarState['find']>, position: number | null): string {
  if (problem !== null) {
    return problem;
  }
  if (matches === 0) {
    return done ? t('No results') : t('Searching…');
  }
  const count = `${matches.toLocaleString()}${done ? '' : '+'}`;
  return position === null ? t('{0} lines', count) : t('{0} of {1}', (position + 1).toLocaleString(), count);
}

function QueryInput(props: {
  readonly id: string;
  readonly label: string;
  readonly query: LineQuery;
  readonly change: (part: Partial<LineQuery>) => void;
  readonly enter: (backward: boolean) => void;
  readonly leave: () => void;
}) {
  const { query, change } = props;
  const toggle = (label: string, icon: string, field: 'matchCase' | 'wholeWord' | 'isRegex'): ComponentChildren => (
    <Tool
      label={label}
      icon={icon}
      on={query[field]}
      act={() => {
        change({ [field]: !query[field] });
      }}
    />
  );
  return (
    <span class="query">
      <input
        id={props.id}
        type="text"
        spellcheck={false}
        placeholder={props.label}
        aria-label={props.label}
        value={query.text}
        onInput={(event) => {
          change({ text: event.currentTarget.value });
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            props.enter(event.shiftKey);
          } else if (event.key === 'Escape') {
            props.leave();
          }
        }}
      />
      {toggle(t('Match Case'), 'case-sensitive', 'matchCase')}
      {toggle(t('Match Whole Word'), 'whole-word', 'wholeWord')}
      {toggle(t('Use Regular Expression'), 'regex', 'isRegex')}
    </span>
  );
}

function FilterBar(props: Props) {
  const { settings, set, log } = props;
  const { filter } = settings;
  const change = (part: Partial<LineFilter>): void => {
    set({ filter: { ...filter, ...part } });
  };
  const query = (side: 'include' | 'exclude', label: string): ComponentChildren => (
    <QueryInput
      id={`log-${side}`}
      label={label}
      query={filter[side] ?? { text: '', isRegex: false, matchCase: false, wholeWord: false }}
      change={(part) => {
        const next = { text: '', isRegex: false, matchCase: false, wholeWord: false, ...filter[side], ...part };
        change({ [side]: next.text === '' ? null : next });
      }}
      enter={props.leave}
      leave={props.leave}
    />
  );
  const level = (name: LineLevel, label: string): ComponentChildren => (
    <Choice
      label={label}
      on={filter.levels?.includes(name) === true}
      act={() => {
        change({ levels: toggled(filter.levels, name) });
      }}
    />
  );
  const streams = log?.streams ?? [];
  return (
    <div class="log-filter" role="group" aria-label={t('Filter')}>
      {query('include', t('Show only'))}
      {query('exclude', t('Hide'))}
      <span class="choices">
        {level('error', t('Errors'))}
        {level('warning', t('Warnings'))}
      </span>
      {streams.length > 1 ? (
        <span class="choices">
          {streams.slice(0, 64).map((id, stream) => (
            <Choice
              label={streamLabel(id)}
              on={filter.streams?.includes(stream) === true}
              act={() => {
                change({ streams: toggled(filter.streams, stream) });
              }}
            />
          ))}
        </span>
      ) : null}
      {(log?.ranks.length ?? 0) > 1 ? (
        <span class="choices">
          {log?.ranks.slice(0, 64).map((rank) => (
            <Choice
              label={t('rank {0}', rank)}
              on={filter.ranks?.includes(rank) === true}
              act={() => {
                change({ ranks: toggled(filter.ranks, rank) });
              }}
            />
          ))}
        </span>
      ) : null}
      <label class="context">
        {t('Context')}
        <input
          type="number"
          min={0}
          max={100}
          value={filter.context}
          onInput={(event) => {
            change({ context: Math.min(100, Math.max(0, Math.trunc(Number(event.currentTarget.value)) || 0)) });
          }}
        />
      </label>
      {log?.filterProblem === null || log === undefined ? null : <span class="tint-red">{log.filterProblem}</span>}
      {log?.filtering === true && log.filterProblem === null ? <span class="muted">{t('Filtering…')}</span> : null}
      <span class="space" />
      <Tool
        label={t('Show everything again')}
        icon="close"
        act={() => {
          set({ filterOpen: false });
        }}
      />
    </div>
  );
}

function Choice(props: { readonly label: string; readonly on: boolean; readonly act: () => void }) {
  return (
    <button type="button" class="choice" aria-pressed={props.on} onClick={props.act}>
      {props.label}
    </button>
  );
}

function toggled<T>(chosen: readonly T[] | null, value: T): readonly T[] | null {
  const rest = (chosen ?? []).filter((other) => other !== value);
  const next = rest.length === (chosen ?? []).length ? [...rest, value] : rest;
  return next.length === 0 ? null : next;
}

function GoTo(props: Props) {
  return (
    <div class="log-find">
      <span class="query">
        <input
          id="log-go-to"
          type="number"
          min={1}
          placeholder={t('Go to line')}
          aria-label={t('Go to line')}
          onKeyDown={(event) => {
            const line = Number(event.currentTarget.value);
            if (event.key === 'Enter' && Number.isSafeInteger(line) && line > 0) {
              props.goTo(line - 1);
              props.leave();
            } else if (event.key === 'Escape') {
              props.leave();
            }
          }}
        />
      </span>
    </div>
  );
}

function Keys(props: Props) {
  const keys: readonly (readonly [string, string])[] = [
    ['↑ ↓  j k', t('one line')],
    ['Page Up, Page Down, b, Space', t('one page')],
    ['g, Home · G, End', t('start · end, and follow')],
    ['/, Ctrl+F · n N, F3', t('find · next and previous')],
    ['e E · t T', t('next and previous error · traceback')],
    ['f · w · s', t('filter · wrap · times')],
    [':, Ctrl+G', t('go to line')],
    ['Shift+↑ ↓, Ctrl+A, Ctrl+C', t('select lines, copy')],
    ['Enter', t('open the link of the line')],
  ];
  return (
    <div class="log-keys" role="dialog" aria-label={t('Keys')}>
      <dl>
        {keys.map(([key, meaning]) => (
          <>
            <dt>{key}</dt>
            <dd>{meaning}</dd>
          </>
        ))}
      </dl>
      <Tool label={t('Close')} icon="close" act={props.leave} />
    </div>
  );
}
