import { type FilesState, type JobTab, jobTabs, type JobView, type PanelToHost } from '../../src/protocol/jobPanel.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { Tabs } from '../ui/Tabs.tsx';
import { Details } from './Details.tsx';
import { Files } from './Files.tsx';
import { Header } from './Header.tsx';
import type { MetricsSettings } from '../../src/protocol/metricsView.ts';
import { LogHolder } from '../log/LogHolder.tsx';
import type { LogView } from '../log/LogView.ts';
import { MetricsHolder } from '../metrics/MetricsHolder.tsx';
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
      <Tabs
        label={t('Parts of the job')}
        tabs={jobTabs.map((name) => ({ name, label: tabLabel(name) }))}
        chosen={tab}
        show={props.show}
      />
      <section class="tab-body" id={`panel-${tab}`} role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'log' ? (
          <>
            {props.isLogEmpty ? <p class="log-empty muted">{emptyText(job)}</p> : null}
            <LogHolder log={props.log} hidden={props.isLogEmpty} />
          </>
        ) : null}
        {tab === 'metrics' ? <MetricsHolder state={props.metrics} set={props.setMetrics} send={props.send} /> : null}
        {tab === 'details' ? <Details job={job} send={props.send} /> : null}
        {tab === 'files' ? <Files job={job} files={props.files} send={props.send} /> : null}
      </section>
    </main>
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

function tabLabel(tab: JobTab): string {
  const labels: Readonly<Record<JobTab, string>> = {
    log: t('Log'),
    metrics: t('Metrics'),
    details: t('Details'),
    files: t('Files'),
  };
  return labels[tab];
}
