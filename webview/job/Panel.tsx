import { useLayoutEffect, useRef } from 'preact/hooks';

import { type FilesState, type JobTab, jobTabs, type JobView, type PanelToHost } from '../../src/protocol/jobPanel.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { Details } from './Details.tsx';
import { Files } from './Files.tsx';
import { Header } from './Header.tsx';
import type { MetricsSettings } from '../../src/protocol/metricsView.ts';
import type { LogView } from '../log/LogView.ts';
import { Metrics } from '../metrics/Metrics.tsx';
import type { MetricsState } from '../metrics/metricsState.ts';

export interface PanelProps {
  readonly job: JobView | undefined;
  /** Why there is nothing to show any more. */
  readonly gone: string | undefined;
  readonly tab: JobTab;
  readonly files: FilesState;
  readonly log: LogView;
  readonly isLogEmpty: boolean;
  readonly metrics: MetricsState;
  readonly setMetrics: (settings: MetricsSettings) => void;
  readonly now: number;
  readonly send: (message: PanelToHost) => void;
  readonly show: (tab: JobTab) => void;
}

export function Panel(props: PanelProps) {
  const { job, gone, tab } = props;
  if (gone !== undefined || job === undefined) {
    return (
      <main class="gone">
        <Icon name="info" /> {gone}
      </main>
    );
  }
  return (
    <main class="panel">
      <Header job={job} now={props.now} send={props.send} />
      <Tabs tab={tab} show={props.show} />
      <section class="tab-body" id={`panel-${tab}`} role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'log' ? <LogHolder log={props.log} job={job} empty={props.isLogEmpty} /> : null}
        {tab === 'metrics' ? (
          <Metrics state={props.metrics} set={props.setMetrics} send={props.send} canCompare />
        ) : null}
        {tab === 'details' ? <Details job={job} /> : null}
        {tab === 'files' ? <Files job={job} files={props.files} send={props.send} /> : null}
      </section>
    </main>
  );
}

function LogHolder(props: { readonly log: LogView; readonly job: JobView; readonly empty: boolean }) {
  const holder = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    holder.current?.append(props.log.element);
  }, [props.log]);
  return (
    <>
      {props.empty ? <p class="log-empty muted">{emptyText(props.job)}</p> : null}
      <div class="log-holder" ref={holder} hidden={props.empty} />
    </>
  );
}

function emptyText(job: JobView): string {
  switch (job.group) {
    case 'waiting':
      return t('The log starts when the job does.');
    case 'running':
      return t('Nothing printed yet.');
    case 'finished':
      return t('The job ended without printing anything.');
  }
}

function Tabs(props: { readonly tab: JobTab; readonly show: (tab: JobTab) => void }) {
  const labels: Readonly<Record<JobTab, string>> = {
    log: t('Log'),
    metrics: t('Metrics'),
    details: t('Details'),
    files: t('Files'),
  };
  const move = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = jobTabs.at((jobTabs.indexOf(props.tab) + step) % jobTabs.length);
    if (step !== 0 && next !== undefined) {
      event.preventDefault();
      props.show(next);
      document.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
    }
  };
  return (
    <div class="tabs">
      <div role="tablist" aria-label={t('Parts of the job')} onKeyDown={move}>
        {jobTabs.map((tab) => (
          <button
            key={tab}
            type="button"
            role="tab"
            id={`tab-${tab}`}
            aria-selected={tab === props.tab}
            aria-controls={`panel-${tab}`}
            tabIndex={tab === props.tab ? 0 : -1}
            onClick={() => {
              props.show(tab);
            }}
          >
            {labels[tab]}
          </button>
        ))}
      </div>
    </div>
  );
}
