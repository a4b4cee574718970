import type { MetricPoint, PointReceiver, PointSink } from '../../../../src/core/metrics/metricPoint.ts';

/** Keeps all points in their order. */
export class PointList implements PointSink {
  readonly points: MetricPoint[] = [];

  receiver(name: string, rank: number | null): PointReceiver {
    return {
      add: (value, step, epoch, line) => {
        this.points.push({ name, rank, value, step, epoch, line });
      },
    };
  }
}
