import { byImportance } from '../../src/core/metrics/importance.ts';
import type { SeriesAxis, SeriesPoint } from '../../src/core/metrics/series.ts';
import { t } from '../ui/l10n.ts';
import type { Curve, MetricsState } from './metricsState.ts';

/** Points whose x never goes back; after a restart another one begins. */
export interface Stretch {
  readonly xs: readonly number[];
  readonly points: readonly SeriesPoint[];
}

/** One curve of a chart. */
export interface ChartLine {
  readonly runId: string;
  readonly runName: string;
  /** Position of the run among those shown. */
  readonly run: number;
  readonly rank: number | null;
  /** The rank is the number of a node, which is called so in the log. */
  readonly isNode: boolean;
  readonly stretches: readonly Stretch[];
  readonly last: SeriesPoint;
  /** The first place where a value was NaN or infinite. */
  readonly firstBroken: SeriesPoint | null;
}

/** All curves of one metric: of each rank and each run. */
export interface Chart {
  readonly name: string;
  readonly axis: SeriesAxis;
  readonly lines: readonly ChartLine[];
}

/** A chart for each metric, what people look at first in front. Hidden ones are among them. */
export function chartsOf({ runs, curves }: MetricsState): readonly Chart[] {
  const lines = new Map<string, ChartLine[]>();
  for (const [run, { id, name: runName, nodes }] of runs.entries()) {
    const ofRun = [...(curves.get(id)?.values() ?? [])];
    const isNode = nodes.length > 0 && ofRun.every(({ rank }) => rank === null || nodes.includes(rank));
    for (const curve of ofRun) {
      const line = lineOf(curve, { runId: id, runName, run, isNode });
      if (line !== undefined) {
        lines.set(curve.name, [...(lines.get(curve.name) ?? []), line]);
      }
    }
  }
  return [...lines]
    .map(([name, ofName]) => {
      const sorted = ofName.toSorted((a, b) => a.run - b.run || (a.rank ?? -1) - (b.rank ?? -1));
      return { name, axis: sorted[0]?.last.axis ?? 'order', lines: sorted };
    })
    .toSorted((a, b) => byImportance(a.name, b.name));
}

function lineOf(
  { points, rank }: Curve,
  of: Pick<ChartLine, 'runId' | 'runName' | 'run' | 'isNode'>,
): ChartLine | undefined {
  const last = points.at(-1);
  return last === undefined
    ? undefined
    : {
        ...of,
        rank,
        stretches: stretchesOf(points),
        last,
        firstBroken: points.find(({ broken }) => broken > 0) ?? null,
      };
}

/** Of several points at the same x the last counts. */
function stretchesOf(points: readonly SeriesPoint[]): readonly Stretch[] {
  const stretches: { xs: number[]; points: SeriesPoint[] }[] = [];
  let segment: number | undefined;
  for (const point of points) {
    if (point.segment !== segment) {
      segment = point.segment;
      stretches.push({ xs: [], points: [] });
    }
    const stretch = stretches.at(-1);
    if (stretch?.xs.at(-1) === point.lastX) {
      stretch.points[stretch.points.length - 1] = point;
    } else {
      stretch?.xs.push(point.lastX);
      stretch?.points.push(point);
    }
  }
  return stretches;
}

/** Points of a line between two x, both included; else the one that is nearest to `x`. Empty for a line without points. */
export function pointsNear(line: ChartLine, x: number, from: number, to: number): readonly SeriesPoint[] {
  const within = line.stretches.flatMap(({ xs, points }) =>
    points.slice(nearestIndex(xs, from), nearestIndex(xs, to) + 1).filter(({ lastX }) => lastX >= from && lastX <= to),
  );
  if (within.length > 0) {
    return within;
  }
  const nearest = line.stretches
    .flatMap(({ xs, points }) => points[nearestIndex(xs, x)] ?? [])
    .reduce<SeriesPoint | undefined>(
      (best, point) => (Math.abs(point.lastX - x) <= Math.abs((best?.lastX ?? Infinity) - x) ? point : best),
      undefined,
    );
  return nearest === undefined ? [] : [nearest];
}

/** `xs` rise. */
function nearestIndex(xs: readonly number[], x: number): number {
  let low = 0;
  let high = xs.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((xs[middle] ?? 0) <= x) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return Math.abs((xs[high] ?? 0) - x) < Math.abs((xs[low] ?? 0) - x) ? high : low;
}

/** What stands for a line in a legend; empty when there is nothing to tell apart. */
export function lineLabel({ lines }: Chart, line: ChartLine): string {
  const several = new Set(lines.map(({ runId }) => runId)).size > 1;
  return [several ? line.runName : null, memberName(line)].filter((part) => part !== null).join(' · ');
}

function memberName({ rank, isNode }: ChartLine): string | null {
  if (rank === null) {
    return null;
  }
  return isNode ? t('node {0}', rank) : t('rank {0}', rank);
}
