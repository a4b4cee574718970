import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Series } from '../../../../src/core/metrics/series.ts';
import { packSeries, unpackPoints } from '../../../../src/core/metrics/seriesUpdate.ts';
import type { MetricsToWebview } from '../../../../src/protocol/metricsView.ts';
import { chartData } from '../../../../webview/metrics/chartData.ts';
import { type Chart, chartsOf, lineLabel, pointsNear } from '../../../../webview/metrics/charts.ts';
import { formatValue } from '../../../../src/core/metrics/formatValue.ts';
import { type MetricsState, noMetrics, received } from '../../../../webview/metrics/metricsState.ts';

type Pair = readonly [step: number, value: number];

function series(name: string, rank: number | null, pairs: readonly Pair[], capacity = 4096) {
  const made = new Series(name, rank, capacity);
  for (const [line, [step, value]] of pairs.entries()) {
    made.add(value, step, null, line);
  }
  return packSeries(made, 600);
}

const run = (id: string, nodes: readonly number[] = []) => ({
  id,
  name: `job ${id}`,
  progress: 1,
  refused: false,
  problem: null,
  nodes,
});

function after(...messages: readonly MetricsToWebview[]): MetricsState {
  return messages.reduce(received, noMetrics);
}

function shown(...pairs: readonly Pair[]): Chart {
  const [chart] = chartsOf(
    after(
      { type: 'metricsRuns', runs: [run('a')] },
      { type: 'metricsSeries', id: 'a', anew: true, series: [series('loss', null, pairs)] },
    ),
  );
  if (chart === undefined) {
    throw new Error('there is no chart');
  }
  return chart;
}

describe('a packed series', () => {
  it('is the same when it is unpacked', () => {
    const pair = fc.tuple(fc.nat(50), fc.double());
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1 }), fc.constantFrom(8, 4096), (pairs, capacity) => {
        const made = new Series('loss', 2, capacity);
        for (const [line, [step, value]] of pairs.entries()) {
          made.add(value, step, null, line);
        }
        expect(unpackPoints(packSeries(made, 600).points)).toEqual(made.points(600));
      }),
    );
  });
});

describe('what is known of curves', () => {
  it('is replaced series by series, and forgotten when a log begins anew or is no longer shown', () => {
    const loss = series('loss', null, [
      [1, 3],
      [2, 2],
    ]);
    const first = after(
      { type: 'metricsRuns', runs: [run('a'), run('b')] },
      {
        type: 'metricsSeries',
        id: 'a',
        anew: true,
        series: [
          loss,
          series('lr', null, [
            [1, 1],
            [2, 1],
          ]),
        ],
      },
      { type: 'metricsSeries', id: 'b', anew: true, series: [loss] },
    );
    expect(chartsOf(first).map(({ name, lines }) => [name, lines.length])).toEqual([
      ['loss', 2],
      ['lr', 1],
    ]);
    const longer = received(first, {
      type: 'metricsSeries',
      id: 'a',
      anew: false,
      series: [
        series('loss', null, [
          [1, 3],
          [2, 2],
          [3, 1],
        ]),
      ],
    });
    expect(chartsOf(longer)[0]?.lines.map(({ last }) => last.lastX)).toEqual([3, 2]);
    const anew = received(longer, { type: 'metricsSeries', id: 'a', anew: true, series: [] });
    expect(chartsOf(anew).map(({ lines }) => lines.map(({ runId }) => runId))).toEqual([['b']]);
    expect(chartsOf(received(anew, { type: 'metricsRuns', runs: [run('a')] }))).toEqual([]);
  });
});

describe('charts', () => {
  it('are one for each metric, what people look at first in front', () => {
    const names = [
      'zeta',
      'lr',
      'tokens/s',
      'acc',
      'loss_10',
      'loss_9',
      'eval_loss',
      'loss',
      'grad_norm',
      'reward',
      'memory',
    ];
    const state = after(
      { type: 'metricsRuns', runs: [run('a')] },
      {
        type: 'metricsSeries',
        id: 'a',
        anew: true,
        series: names.map((name) =>
          series(name, null, [
            [1, 1],
            [2, 2],
          ]),
        ),
      },
    );
    expect(chartsOf(state).map(({ name }) => name)).toEqual([
      'loss',
      'eval_loss',
      'loss_9',
      'loss_10',
      'acc',
      'reward',
      'zeta',
      'grad_norm',
      'lr',
      'memory',
      'tokens/s',
    ]);
  });

  it('name what is to be told apart: ranks, runs, both or nothing', () => {
    const pairs: readonly Pair[] = [
      [1, 3],
      [2, 2],
    ];
    const both = chartsOf(
      after(
        { type: 'metricsRuns', runs: [run('a'), run('b')] },
        { type: 'metricsSeries', id: 'a', anew: true, series: [series('loss', 0, pairs), series('loss', 1, pairs)] },
        { type: 'metricsSeries', id: 'b', anew: true, series: [series('loss', null, pairs)] },
      ),
    );
    expect(both.flatMap((chart) => chart.lines.map((line) => lineLabel(chart, line)))).toEqual([
      'job a · rank 0',
      'job a · rank 1',
      'job b',
    ]);
    const alone = shown(...pairs);
    expect(alone.lines.map((line) => lineLabel(alone, line))).toEqual(['']);
  });

  it.each([
    ['node, as in the log, where each rank is one of its nodes', [0, 1], ['node 0', 'node 1']],
    ['rank where a node has several, which its lines name', [0, 4], ['rank 0', 'rank 1']],
    ['rank where there is one node', [], ['rank 0', 'rank 1']],
  ])('say %s', (_, nodes, labels) => {
    const pairs: readonly Pair[] = [
      [1, 3],
      [2, 2],
    ];
    const [chart] = chartsOf(
      after(
        { type: 'metricsRuns', runs: [run('a', nodes)] },
        { type: 'metricsSeries', id: 'a', anew: true, series: [series('loss', 0, pairs), series('loss', 1, pairs)] },
      ),
    );
    expect(chart?.lines.map((line) => lineLabel(chart, line))).toEqual(labels);
  });

  it('begin another stretch where the step goes back, and at the same step the last value counts', () => {
    const chart = shown([1, 5], [2, 4], [2, 4.5], [3, 3], [1, 9], [4, 8]);
    expect(chart.lines[0]?.stretches.map(({ xs, points }) => [xs, points.map(({ last }) => last)])).toEqual([
      [
        [1, 2, 3],
        [5, 4.5, 3],
      ],
      [
        [1, 4],
        [9, 8],
      ],
    ]);
  });

  it('know where a value was first no number', () => {
    expect(shown([1, 5], [2, Number.NaN], [3, Infinity]).lines[0]?.firstBroken?.line).toBe(1);
    expect(shown([1, 5], [2, 4]).lines[0]?.firstBroken).toBeNull();
  });
});

describe('the points near a pointer', () => {
  it('are all within reach of it, else the nearest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100), { minLength: 1, maxLength: 40 }),
        fc.nat(100),
        fc.nat(10),
        (steps, x, reach) => {
          const [line] = shown(...steps.map((step, index): Pair => [step, index])).lines;
          const all = line?.stretches.flatMap(({ points }) => points) ?? [];
          const found = line === undefined ? [] : pointsNear(line, x, x - reach, x + reach);
          const within = all.filter(({ lastX }) => Math.abs(lastX - x) <= reach);
          if (within.length > 0) {
            expect(found).toEqual(within);
          } else {
            const least = Math.min(...all.map(({ lastX }) => Math.abs(lastX - x)));
            expect(found.map(({ lastX }) => Math.abs(lastX - x))).toEqual([least]);
          }
        },
      ),
    );
  });
});

describe('what is drawn', () => {
  it('leaves out what has no place: NaN, and on a logarithmic scale what is not above 0', () => {
    const chart = shown([1, 5], [2, Number.NaN], [3, -1], [4, 0], [5, 2]);
    expect(chartData(chart, 0, false).tables[0]?.columns).toEqual([[5, null, -1, 0, 2]]);
    expect(chartData(chart, 0, true).tables[0]?.columns).toEqual([[5, null, null, null, 2]]);
  });

  it('knows which stretches were before a restart', () => {
    const { columns } = chartData(shown([1, 4], [2, 3], [1, 4], [2, 2]), 0, false);
    expect(columns.map(({ isPast }) => isPast)).toEqual([true, false]);
  });

  it('is the smoothed line before the values it comes from', () => {
    const { columns, tables } = chartData(shown([1, 4], [2, 0]), 0.5, false);
    expect(columns.map(({ kind }) => kind)).toEqual(['raw', 'value']);
    expect(columns.every(({ isPast }) => !isPast)).toBe(true);
    expect(tables[0]?.columns[0]).toEqual([4, 0]);
    expect(tables[0]?.columns[1]?.[1]).toBeCloseTo(4 / 3);
  });

  it('shows what lies between when points were taken together', () => {
    const pairs = Array.from({ length: 64 }, (_, step): Pair => [step, step % 2 === 0 ? 0 : 10]);
    const [chart] = chartsOf(
      after(
        { type: 'metricsRuns', runs: [run('a')] },
        { type: 'metricsSeries', id: 'a', anew: true, series: [series('loss', null, pairs, 16)] },
      ),
    );
    const { columns, tables } = chartData(chart ?? shown(), 0, false);
    expect(columns.map(({ kind }) => kind)).toEqual(['high', 'low', 'value']);
    expect(tables[0]?.columns.map((values) => values[0])).toEqual([10, 0, 5]);
  });
});

describe('a number in few characters', () => {
  it.each([
    [0, '0'],
    [0.41034, '0.4103'],
    [41_234, '41,234'],
    [41_234.5, '41,230'],
    [0.0003, '3e-4'],
    [0.000277, '2.77e-4'],
    [-1_500_000, '-1.5e+6'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
  ])('%d is %s', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});
