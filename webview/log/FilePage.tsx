import type { LogPageToHost, LogPageTab } from '../../src/protocol/logView.ts';
import type { MetricsSettings } from '../../src/protocol/metricsView.ts';
import { MetricsHolder } from '../metrics/MetricsHolder.tsx';
import type { MetricsState } from '../metrics/metricsState.ts';
import { t } from '../ui/l10n.ts';
import { Tabs } from '../ui/Tabs.tsx';
import { LogHolder } from './LogHolder.tsx';
import type { LogView } from './LogView.ts';

/** A log file that is no job's, and its curves. */
export function FilePage(props: {
  readonly tab: LogPageTab;
  readonly show: (tab: LogPageTab) => void;
  readonly log: LogView;
  readonly metrics: MetricsState;
  readonly setMetrics: (settings: MetricsSettings) => void;
  readonly send: (message: LogPageToHost) => void;
}) {
  const { tab, show, log, metrics, setMetrics, send } = props;
  const tabs = [
    { name: 'log', label: t('Log') },
    { name: 'metrics', label: t('Metrics') },
  ] as const;
  return (
    <main class="panel">
      <Tabs label={t('Views of the log')} tabs={tabs} chosen={tab} show={show} />
      <section class="tab-body" id={`panel-${tab}`} role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'log' ? <LogHolder log={log} hidden={false} /> : null}
        {tab === 'metrics' ? <MetricsHolder state={metrics} set={setMetrics} send={send} /> : null}
      </section>
    </main>
  );
}
