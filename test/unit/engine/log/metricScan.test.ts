import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { lineMetrics } from '../../../../src/core/metrics/lineMetrics.ts';
import type { MetricPoint } from '../../../../src/core/metrics/metricPoint.ts';
import { givePoints } from '../../../../src/core/metrics/pointRecords.ts';
import { csvTitles } from '../../../../src/core/metrics/seriesCsv.ts';
import { unpackPoints } from '../../../../src/core/metrics/seriesUpdate.ts';
import { parseUserPatterns } from '../../../../src/core/metrics/userPattern.ts';
import { FileSource } from '../../../../src/engine/log/fileSource.ts';
import { LogIndex } from '../../../../src/engine/log/logIndex.ts';
import { OpenLog } from '../../../../src/engine/log/openLog.ts';
import { MetricScan, readMetricBlock } from '../../../../src/engine/log/scan/metricScan.ts';
import { systemClock } from '../../../../src/engine/systemClock.ts';
import { workFolder } from '../../../fixtures/engine/engineParts.ts';
import { type Arrived, ArrivedLog, arrivals, plainRows } from '../../../fixtures/log/arrivedLog.ts';
import { ScanWatch, until } from '../../../fixtures/log/openedLog.ts';
import { bundleScanScript } from '../../../fixtures/log/scanScript.ts';
import { PointList } from '../../core/metrics/pointList.ts';

const work = workFolder();
const opened: OpenLog[] = [];
let script = '';
let logs = 0;

beforeAll(async () => {
  script = await bundleScanScript(work.path);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (log) => await log.close()));
});

afterAll(() => {
  work.remove();
});

function open(content: string): { readonly log: OpenLog; readonly path: string } {
  logs += 1;
  const path = join(work.path, `${logs}.log`);
  writeFileSync(path, content);
  const log = new OpenLog(new FileSource(path), systemClock, script);
  opened.push(log);
  void log.follow();
  return { log, path };
}

const word = fc.constantFrom(
  'step 1 ',
  'step 22 ',
  '| loss 0.5',
  '| loss 12.25 ',
  '\n',
  '\n',
  '[rank1]: ',
  'lr: 1e-4 ',
);
const bytes = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => Buffer.from(words.join('')));

/** What threads find that take turns, each looking at what arrived since the one before looked. `turns`: which one it is. */
async function found(
  parts: readonly (readonly Arrived[])[],
  turns: readonly number[] = [],
): Promise<readonly MetricPoint[]> {
  logs += 1;
  const log = new ArrivedLog(join(work.path, String(logs)));
  const source = log.source();
  const index = new LogIndex(source);
  const list = new PointList();
  const scans = [new MetricScan([]), new MetricScan([])];
  for (const [at, part] of parts.entries()) {
    log.append(part);
    const from = index.end;
    await source.look(from);
    while (await index.advance()) {
      // Until all of it is indexed.
    }
    const block = await readMetricBlock(source.raw, from, index.end, Buffer.alloc(0));
    const records = scans[turns[at] ?? 0]?.look(from, block);
    givePoints(structuredClone(records ?? { kinds: [], cells: new Float64Array() }), list, () => null);
  }
  await source.close();
  return list.points;
}

const manyTurns = fc.array(fc.nat({ max: 1 }), { minLength: 12, maxLength: 12 });

test('of several streams, cut anywhere, each point has the number of its line in the log', async () => {
  const log = fc.array(arrivals(bytes, 12), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(log, manyTurns, async (parts, turns) => {
      expect(await found(parts, turns)).toEqual(expected(plainRows(parts.flat())));
    }),
    { numRuns: 150 },
  );
});

test('of lines that rewrite themselves, too, threads that take turns find what one finds at once', async () => {
  const rewritten = fc
    .array(fc.oneof(word, fc.constantFrom('\r', '\r', '\r\n', 'x'.repeat(70_000))), { minLength: 1, maxLength: 8 })
    .map((words) => Buffer.from(words.join('')));
  const log = fc.array(arrivals(rewritten, 6), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(log, manyTurns, async (parts, turns) => {
      expect(await found(parts, turns)).toEqual(await found([parts.flat()]));
    }),
    { numRuns: 150 },
  );
});

function expected(rows: ReturnType<typeof plainRows>): readonly MetricPoint[] {
  return rows.flatMap((row, line) => {
    if (row.gap !== null) {
      return [];
    }
    const { rank, step, epoch, values } = lineMetrics(row.bytes.toString());
    return values.map(({ name, value }) => ({ name, rank, value, step, epoch, line }));
  });
}

test('a rank that no line tells is that of the stream', () => {
  const list = new PointList();
  const text = Buffer.from('step 1 loss 2.5\n[rank7]: step 2 loss 2.4\n');
  const found = new MetricScan([]).look(
    { line: 10, records: 0, streams: [] },
    {
      arrivals: [{ kind: 'bytes', stream: 1, bytes: text.byteLength, time: null }],
      bytes: new Map([[1, text]]),
      beginnings: new Map(),
    },
  );
  givePoints(found, list, (stream) => stream + 4);
  expect(list.points.map(({ rank, line }) => [rank, line])).toEqual([
    [5, 10],
    [7, 11],
  ]);
});

test('curves grow with the log, and only those that grew are told again', async () => {
  const { log, path } = open('step 1 loss 3.5\nstep 2 loss 2.5\nstep 1 acc 0.5\nstep 2 acc 0.6\n');
  await until(log, () => log.outline.counted);
  const watch = new ScanWatch(log, { kind: 'series', patterns: [] });
  const told = () => watch.messages.flatMap((message) => (message.kind === 'series' ? message.series : []));
  await watch.scanned(4);
  expect(told().map(({ name, length }) => [name, length])).toEqual([
    ['acc', 2],
    ['loss', 2],
  ]);
  appendFileSync(path, 'step 3 loss 1.5\n');
  await watch.scanned(5);
  const [, , grown] = told();
  expect(told()).toHaveLength(3);
  expect(unpackPoints(grown?.points ?? new Float64Array()).map(({ lastX, last, line }) => [lastX, last, line])).toEqual(
    [
      [1, 3.5, 0],
      [2, 2.5, 1],
      [3, 1.5, 4],
    ],
  );
  await watch.ended();
});

test('a bar that rewrites itself is a curve before its line ends', async () => {
  const bar = [10, 20, 30].map(
    (percent) => `\r${percent}%|###| ${percent}/100 [00:01<00:09, 9.5it/s, loss=0.${percent}]`,
  );
  const { log } = open(`start\n${bar.join('')}\r`);
  await until(log, () => log.outline.counted);
  const watch = new ScanWatch(log, { kind: 'series', patterns: [] });
  await watch.scanned(1);
  const series = watch.messages.flatMap((message) => (message.kind === 'series' ? message.series : []));
  expect(series.find(({ name }) => name === 'loss')?.length).toBe(3);
  await watch.ended();
});

test('every point of some metrics is added to a file', async () => {
  const lines = Array.from({ length: 20_000 }, (_, step) => `step ${step} loss ${step / 4} lr 0.5\n`);
  const { log } = open(lines.join(''));
  await until(log, () => log.outline.counted);
  const path = join(work.path, 'points.csv');
  writeFileSync(path, csvTitles);
  const watch = new ScanWatch(log, { kind: 'csv', patterns: [], names: ['loss'], path });
  await watch.scanned(20_000);
  const rows = lines.map((_, step) => `loss,,${step},,${step / 4},${step + 1}\r\n`);
  expect(readFileSync(path, 'utf8')).toBe(`${csvTitles}${rows.join('')}`);
  await watch.ended();
});

test('a file that cannot be written is a problem that says why', async () => {
  const { log } = open('step 1 loss 3\nstep 2 loss 2\n');
  await until(log, () => log.outline.counted);
  const watch = new ScanWatch(log, { kind: 'csv', patterns: [], names: null, path: join(work.path, 'none', 'x.csv') });
  await watch.scanned(2);
  expect(watch.problem).toContain('ENOENT');
  await watch.ended();
});

test('a pattern that never ends is given up with its scan', async () => {
  const { log } = open(`${'a'.repeat(60)}!\n`);
  await until(log, () => log.outline.counted);
  const { patterns } = parseUserPatterns({ slow: '(?<value>(?:a+)+)$' });
  const watch = new ScanWatch(log, { kind: 'series', patterns });
  await watch.ended();
  expect(watch.messages).toEqual([]);
});
