import type { PointSink } from '../../../core/metrics/metricPoint.ts';
import { givePoints, type PointRecords } from '../../../core/metrics/pointRecords.ts';
import type { UserPattern } from '../../../core/metrics/userPattern.ts';
import { CsvFile } from './csvFile.ts';
import { MetricScan, readMetricBlock } from './metricScan.ts';
import type { ScanFiles } from './scanFiles.ts';
import type { FromScan, MetricGoal } from './scanMessages.ts';
import type { ScanWork } from './scanWork.ts';
import { SeriesScan } from './seriesScan.ts';

/** Curves are told at most so often, in ms. */
const seriesEvery = 400;

export function seriesWork(
  { patterns }: Extract<MetricGoal, { readonly kind: 'series' }>,
  files: ScanFiles,
  send: (message: FromScan, transfer: ArrayBuffer[]) => void,
): ScanWork<PointRecords> {
  const series = new SeriesScan();
  let sentAt = performance.now();
  let scanned = 0;
  const flush = (): void => {
    sentAt = performance.now();
    const updates = series.take();
    const transfer = updates.map(({ points }) => points.buffer);
    send({ kind: 'series', series: updates, refused: series.refused, scanned }, transfer);
  };
  return pointWork(series, patterns, files, flush, (line) => {
    scanned = line;
    if (performance.now() - sentAt >= seriesEvery) {
      flush();
    }
  });
}

export function csvWork(
  { path, names, patterns }: Extract<MetricGoal, { readonly kind: 'csv' }>,
  files: ScanFiles,
): ScanWork<PointRecords> {
  const file = new CsvFile(path, names);
  return pointWork(
    file,
    patterns,
    files,
    () => undefined,
    async () => {
      await file.flush();
    },
  );
}

function pointWork(
  sink: PointSink,
  patterns: readonly UserPattern[],
  { raw, rankOf }: ScanFiles,
  flush: () => void,
  taken: (line: number) => Promise<void> | void,
): ScanWork<PointRecords> {
  const scan = new MetricScan(patterns);
  return {
    read: async (from, to, room) => {
      const block = await readMetricBlock(raw, from, to, room);
      return () => {
        const found = scan.look(from, block);
        return Promise.resolve({ found, transfer: [found.cells.buffer] });
      };
    },
    take: async (found, _from, to) => {
      givePoints(found, sink, rankOf);
      await taken(to.line);
    },
    flush,
    finish: () => undefined,
  };
}
