import { useMemo } from 'preact/hooks';

import type { MetricsRun, MetricsSettings, MetricsToHost } from '../../src/protocol/metricsView.ts';
import { Dropdown } from '../log/bars/Dropdown.tsx';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { ChartCard } from './ChartCard.tsx';
import { chartsOf } from './charts.ts';
import type { MetricsState } from './metricsState.ts';
import { type ChartTheme, useTheme } from './theme.ts';

export interface MetricsProps {
  readonly state: MetricsState;
  readonly set: (settings: MetricsSettings) => void;
  readonly send: (message: MetricsToHost) => void;
}

/** The numbers that a log prints, as curves. */
export function Metrics({ state, set, send }: MetricsProps) {
  const { runs, curves, settings, patternErrors } = state;
  const theme = useTheme();
  const charts = useMemo(() => chartsOf(state), [curves, runs.map(({ id, name }) => `${id} ${name}`).join('\n')]);
  const shown = charts.filter(({ name }) => !settings.hidden.includes(name));
  const hidden = charts.filter(({ name }) => settings.hidden.includes(name));
  return (
    <div class="metrics">
      <div class="metrics-bar" role="toolbar" aria-label={t('Metrics')}>
        <label class="smoothing">
          {t('Smoothing')}
          <input
            type="range"
            min="0"
            max="0.99"
            step="0.01"
            value={settings.smoothing}
            onInput={(event) => {
              set({ ...settings, smoothing: Number(event.currentTarget.value) });
            }}
          />
          <output>{settings.smoothing.toFixed(2)}</output>
        </label>
        {hidden.length === 0 ? null : (
          <Dropdown label={t('Hidden')} chosen={String(hidden.length)} isNarrowed>
            {hidden.map(({ name }) => (
              <label key={name}>
                <input
                  type="checkbox"
                  onChange={() => {
                    set({ ...settings, hidden: settings.hidden.filter((other) => other !== name) });
                  }}
                />
                {name}
              </label>
            ))}
          </Dropdown>
        )}
        <span class="space" />
        <Progress runs={runs} />
        <Button
          icon="git-compare"
          label={t('Compare…')}
          act={() => {
            send({ type: 'metricsCompare' });
          }}
        />
        <Button
          icon="save"
          label={t('Save CSV…')}
          disabled={shown.length === 0}
          act={() => {
            send({ type: 'metricsExport', names: hidden.length === 0 ? null : shown.map(({ name }) => name) });
          }}
        />
        <Button
          icon="regex"
          label={t('Add pattern…')}
          act={() => {
            send({ type: 'metricsAddPattern' });
          }}
        />
      </div>
      {runs.length > 1 ? <Runs runs={runs} theme={theme} send={send} /> : null}
      {[...patternErrors.map((error) => t('aloft.metrics.patterns: {0}', error)), ...problems(runs)].map((text) => (
        <p class="metrics-note" role="alert" key={text}>
          <Icon name="warning" tint="yellow" /> {text}
        </p>
      ))}
      {shown.length > 0 ? (
        <div class="charts">
          {shown.map((chart) => (
            <ChartCard key={chart.name} chart={chart} theme={theme} settings={settings} set={set} send={send} />
          ))}
        </div>
      ) : (
        <Nothing runs={runs} hidden={hidden.length} />
      )}
    </div>
  );
}

function Button(props: {
  readonly icon: string;
  readonly label: string;
  readonly disabled?: boolean;
  readonly act: () => void;
}) {
  return (
    <button type="button" class="metrics-button" disabled={props.disabled} onClick={props.act}>
      <Icon name={props.icon} /> {props.label}
    </button>
  );
}

function Progress({ runs }: { readonly runs: readonly MetricsRun[] }) {
  const progress = Math.min(1, ...runs.map((run) => run.progress));
  return progress === 1 ? null : (
    <span class="muted" role="status">
      {t('Reading the log: {0} %', Math.floor(progress * 100))}
    </span>
  );
}

function Runs(props: {
  readonly runs: readonly MetricsRun[];
  readonly theme: ChartTheme;
  readonly send: (message: MetricsToHost) => void;
}) {
  const { lines } = props.theme;
  return (
    <div class="runs">
      {props.runs.map(({ id, name }, index) => (
        <span class="run" key={id}>
          <span class="swatch" style={{ background: lines[index % lines.length] ?? '' }} />
          {name}
          {index === 0 ? (
            <span class="muted">{t('this log')}</span>
          ) : (
            <button
              type="button"
              class="chart-tool"
              title={t('Remove {0}', name)}
              aria-label={t('Remove {0}', name)}
              onClick={() => {
                props.send({ type: 'metricsRemove', id });
              }}
            >
              <Icon name="close" />
            </button>
          )}
        </span>
      ))}
    </div>
  );
}

function problems(runs: readonly MetricsRun[]): readonly string[] {
  return runs.flatMap(({ name, problem, refused }) => [
    ...(problem === null ? [] : [`${name}: ${problem}`]),
    ...(refused ? [t('{0} prints more than 500 metrics; only the first are shown.', name)] : []),
  ]);
}

function Nothing({ runs, hidden }: { readonly runs: readonly MetricsRun[]; readonly hidden: number }) {
  const isReading = runs.some(({ progress }) => progress < 1);
  if (hidden > 0) {
    return <p class="metrics-empty muted">{t('All metrics are hidden.')}</p>;
  }
  if (isReading) {
    return <p class="metrics-empty muted">{t('Looking for numbers in the log…')}</p>;
  }
  return (
    <div class="metrics-empty muted">
      <p>{t('No curves yet: the log has no metric that was printed more than once.')}</p>
      <p>{t('Lines such as these become curves:')}</p>
      <pre>
        {'step 120 | loss 2.31 | lr 3e-4\n'}
        {"{'loss': 0.41, 'epoch': 1.0}\n"}
        {'{"step": 120, "val_loss": 0.52}'}
      </pre>
      <p>{t('For anything else, add a pattern of your own.')}</p>
    </div>
  );
}
