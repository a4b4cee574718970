import type { MarkKind } from '../../../src/protocol/logView.ts';
import { t } from '../../ui/l10n.ts';
import { sizeText, truthDetails, truthText } from '../statusText.ts';
import { narrows } from '../viewerState.ts';
import type { BarProps } from './barProps.ts';
import { Menu } from './Menu.tsx';
import { Tool } from './Tool.tsx';

/** How true and how long the log is; the way to everything else. */
export function StatusLine(props: BarProps) {
  const { log, marks, note, settings, set, show, run, popup, minute } = props;
  if (log === undefined) {
    return <div class="log-bar" />;
  }
  const now = minute * 60_000;
  const mark = (kind: MarkKind, label: string, icon: string, tint: string, count = 0) =>
    count === 0 ? null : (
      <Tool
        label={label}
        icon={icon}
        tint={tint}
        count={count}
        act={() => {
          run({ kind: 'mark', mark: kind, backward: false });
        }}
      />
    );
  return (
    <div class="log-bar" role="toolbar" aria-label={t('Log')}>
      <span
        class={`log-status ${log.problem === null ? log.truth : 'problem'}`}
        title={log.problem ?? truthDetails(log, now)}
      >
        <span class="dot" aria-hidden="true" />
        {log.problem ?? truthText(log, now)}
      </span>
      <span class="log-size muted">{sizeText(log)}</span>
      {log.filter === null ? null : <span class="log-shown">{t('{0} shown', log.rows.toLocaleString())}</span>}
      {note === null ? null : (
        <span class="log-note" title={note}>
          {note}
        </span>
      )}
      <span class="space" />
      {mark('error', t('Next error (e)'), 'error', 'red', marks?.errors)}
      {mark('warning', t('Next warning (a)'), 'warning', 'yellow', marks?.warnings)}
      {mark('failure', t('Next traceback (t)'), 'bug', 'red', marks?.failures)}
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
        expanded={popup === 'menu'}
        act={() => {
          show(popup === 'menu' ? null : 'menu');
        }}
      />
      {popup === 'menu' ? <Menu {...props} /> : null}
    </div>
  );
}
