import { useEffect, useRef, useState } from 'preact/hooks';

import type { MetricsSettings, MetricsToHost } from '../../src/protocol/metricsView.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { ChartPlot } from './ChartPlot.tsx';
import { type Chart, lineLabel } from './charts.ts';
import { formatValue } from '../../src/core/metrics/formatValue.ts';
import { lineColor } from './plot.ts';
import type { ChartTheme } from './theme.ts';

/** With more lines a legend would be larger than its chart. */
const mostInLegend = 8;

export interface ChartCardProps {
  readonly chart: Chart;
  readonly theme: ChartTheme;
  readonly settings: MetricsSettings;
  readonly set: (settings: MetricsSettings) => void;
  readonly send: (message: MetricsToHost) => void;
}

/** One metric: its name, its newest value, its curves, and what can be done with it. */
export function ChartCard({ chart, theme, settings, set, send }: ChartCardProps) {
  const { name, lines } = chart;
  const [isInSight, card] = useInSight();
  const isLog = settings.logScale.includes(name);
  const [first] = lines;
  const broken = lines.find(({ firstBroken }) => firstBroken !== null);
  const showLine = (id: string, line: number): void => {
    send({ type: 'metricsLine', id, line });
  };
  return (
    <figure class="chart" ref={card} aria-label={summary(chart)}>
      <figcaption>
        <span class="name" title={name}>
          {name}
        </span>
        <Action
          icon="graph-line"
          label={t('Logarithmic scale')}
          on={isLog}
          act={() => {
            set({ ...settings, logScale: isLog ? without(settings.logScale, name) : [...settings.logScale, name] });
          }}
        />
        <Action
          icon="save"
          label={t('Save {0} as CSV…', name)}
          act={() => {
            send({ type: 'metricsExport', names: [name] });
          }}
        />
        <Action
          icon="eye-closed"
          label={t('Hide {0}', name)}
          act={() => {
            set({ ...settings, hidden: [...settings.hidden, name] });
          }}
        />
        {broken === undefined || broken.firstBroken === null ? null : (
          <button
            type="button"
            class="chart-tool warn"
            title={t('NaN or infinite: go to the first such line of the log')}
            aria-label={t('NaN or infinite: go to the first such line of the log')}
            onClick={() => {
              showLine(broken.runId, broken.firstBroken?.line ?? 0);
            }}
          >
            <Icon name="warning" tint="yellow" />
          </button>
        )}
        <span class="last">{first === undefined ? '' : formatValue(first.last.last)}</span>
      </figcaption>
      {isInSight ? (
        <ChartPlot chart={chart} theme={theme} smoothing={settings.smoothing} isLog={isLog} showLine={showLine} />
      ) : (
        <div class="plot" />
      )}
      <Legend chart={chart} theme={theme} />
    </figure>
  );
}

function Action(props: {
  readonly icon: string;
  readonly label: string;
  readonly on?: boolean;
  readonly act: () => void;
}) {
  return (
    <button
      type="button"
      class="chart-tool"
      title={props.label}
      aria-label={props.label}
      aria-pressed={props.on}
      onClick={props.act}
    >
      <Icon name={props.icon} />
    </button>
  );
}

function Legend({ chart, theme }: { readonly chart: Chart; readonly theme: ChartTheme }) {
  const { lines } = chart;
  // Runs are named above all charts.
  if (lines.length < 2 || lines.every(({ rank }) => rank === null)) {
    return null;
  }
  return (
    <div class="legend">
      {lines.slice(0, mostInLegend).map((line, index) => (
        <span key={`${line.runId} ${line.rank}`}>
          <span class="swatch" style={{ background: lineColor(chart, index, theme) }} />
          {lineLabel(chart, line)}
        </span>
      ))}
      {lines.length > mostInLegend ? <span>{t('and {0} more', lines.length - mostInLegend)}</span> : null}
    </div>
  );
}

/** What a screen reader says of a chart. */
function summary({ name, axis, lines: [line] }: Chart): string {
  if (line === undefined) {
    return name;
  }
  const points = line.stretches.flatMap((stretch) => stretch.points);
  const least = Math.min(...points.map(({ min }) => min).filter(Number.isFinite));
  const most = Math.max(...points.map(({ max }) => max).filter(Number.isFinite));
  const at =
    axis === 'order' ? '' : ` (${axis === 'step' ? t('step {0}', line.last.lastX) : t('epoch {0}', line.last.lastX)})`;
  return t(
    '{0}: {1}{2}, from {3} to {4}',
    name,
    formatValue(line.last.last),
    at,
    formatValue(least),
    formatValue(most),
  );
}

function without(names: readonly string[], name: string): readonly string[] {
  return names.filter((other) => other !== name);
}

/** Charts are drawn once they are about to be seen: a log may print hundreds of metrics. */
function useInSight() {
  const element = useRef<HTMLElement>(null);
  const [isInSight, setInSight] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        setInSight(entries.at(-1)?.isIntersecting === true);
      },
      { rootMargin: '300px' },
    );
    if (element.current !== null) {
      observer.observe(element.current);
    }
    return () => {
      observer.disconnect();
    };
  }, []);
  return [isInSight, element] as const;
}
