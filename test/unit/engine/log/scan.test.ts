import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { lineLevel } from '../../../../src/core/failure/level.ts';
import { withoutPrefix } from '../../../../src/core/failure/linePrefix.ts';
import { visibleText } from '../../../../src/core/failure/visibleText.ts';
import { type LineFilter, type LineQuery, noFilter } from '../../../../src/core/logRow.ts';
import { createByteScan } from '../../../../src/engine/log/bytes/createByteScan.ts';
import { LogIndex } from '../../../../src/engine/log/logIndex.ts';
import type { LogSource } from '../../../../src/engine/log/logSource.ts';
import { filterScan, findScan, type LineScan } from '../../../../src/engine/log/scan/findScan.ts';
import { MarkScan } from '../../../../src/engine/log/scan/markScan.ts';
import { readUnit } from '../../../../src/engine/log/scan/scanUnits.ts';
import { workFolder } from '../../../fixtures/engine/engineParts.ts';
import { type Arrived, ArrivedLog, arrivals, plainRows, type PlainRow } from '../../../fixtures/log/arrivedLog.ts';

const work = workFolder();
const scan = createByteScan();
let logs = 0;

afterAll(() => {
  work.remove();
});

const word = fc.constantFrom(
  'a ',
  'b',
  '\n',
  '\n',
  '\u001b[31m',
  '\u001b[0m',
  '2026-11-01 12:00:00 ',
  '[rank0]: ',
  '[rank1]: ',
  'rank1 ',
  'ERROR ',
  'WARNING ',
  'error: bad',
  'ValueError: bad',
  'E0101 12:00:00.123456 140 train.py:12] boom',
  'größe',
);
const bytes = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => Buffer.from(words.join('')));

/** What a scan gives that reads the log in as many units as it grew. */
async function scanned<Found>(
  parts: readonly (readonly Arrived[])[],
  look: (source: LogSource, unit: Awaited<ReturnType<typeof readUnit>>) => Promise<Found>,
  restsBetween = false,
): Promise<readonly Found[]> {
  logs += 1;
  const log = new ArrivedLog(join(work.path, String(logs)));
  const source = log.source();
  const index = new LogIndex(source);
  const found: Found[] = [];
  for (const part of parts) {
    log.append(part);
    const from = index.end;
    await source.look(from);
    while (await index.advance()) {
      // Until all of it is indexed.
    }
    index.rest(restsBetween);
    found.push(await look(source, await readUnit(source.raw, from, index.last, scan.buffers[0])));
  }
  await source.close();
  return found;
}

async function lines(parts: readonly (readonly Arrived[])[], scanOf: LineScan): Promise<readonly number[]> {
  return (await scanned(parts, async ({ raw }, unit) => await scanOf(raw, unit))).flat();
}

const query = fc.record({
  text: fc.constantFrom('a', 'b', 'ab', 'error', 'größe', '1', 'a b'),
  isRegex: fc.boolean(),
  matchCase: fc.boolean(),
  wholeWord: fc.boolean(),
});
const filter: fc.Arbitrary<LineFilter> = fc.record({
  include: fc.option(query),
  exclude: fc.option(query),
  context: fc.constantFrom(0, 0, 1, 3),
  levels: fc.option(fc.subarray(['error', 'warning'] as const)),
  streams: fc.option(fc.subarray([0, 1, 2])),
  ranks: fc.option(fc.subarray([0, 1])),
  from: fc.option(fc.nat({ max: 30 })),
  to: fc.option(fc.nat({ max: 50 })),
});

function seen({ bytes: raw }: PlainRow): string {
  return visibleText(raw.toString());
}

/** The texts above mean the same as a pattern. */
function matches({ text, matchCase, wholeWord }: LineQuery, line: string): boolean {
  const pattern = wholeWord ? String.raw`(?<![\p{L}\p{N}_])${text}(?![\p{L}\p{N}_])` : text;
  return new RegExp(pattern, matchCase ? 'u' : 'iu').test(line);
}

function passes(wanted: LineFilter, row: PlainRow): boolean {
  if (row.gap !== null) {
    return false;
  }
  const line = seen(row);
  const level = lineLevel(line);
  const { rank } = withoutPrefix(line, 0);
  return (
    (wanted.include === null || matches(wanted.include, line)) &&
    (wanted.exclude === null || !matches(wanted.exclude, line)) &&
    (wanted.levels === null || (level !== null && wanted.levels.includes(level))) &&
    (wanted.streams === null || wanted.streams.includes(row.stream)) &&
    (wanted.ranks === null || (rank !== null && wanted.ranks.includes(rank))) &&
    (wanted.from === null || row.time >= wanted.from) &&
    (wanted.to === null || row.time <= wanted.to)
  );
}

function hides({ exclude, streams, ranks, from, to }: LineFilter): boolean {
  return [exclude, streams, ranks, from, to].some((part) => part !== null);
}

/** Positions of those rows, with so many around each. */
function around(rows: readonly PlainRow[], context: number, isWanted: (row: PlainRow) => boolean): readonly number[] {
  const wanted = rows.map(isWanted);
  return rows.flatMap((_, line) =>
    wanted.slice(Math.max(0, line - context), line + context + 1).includes(true) ? [line] : [],
  );
}

test('finds what a plain reader finds, in the order of the log', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arrivals(bytes, 12), { minLength: 1, maxLength: 3 }), query, async (parts, wanted) => {
      const rows = plainRows(parts.flat());
      const found = await lines(parts, findScan(wanted, scan));
      expect(found).toEqual(around(rows, 0, (row) => row.gap === null && matches(wanted, seen(row))));
    }),
    { numRuns: 150 },
  );
});

test('filters as a plain reader does, in however many portions the log comes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arrivals(bytes, 12), { minLength: 1, maxLength: 4 }), filter, async (parts, wanted) => {
      const found = await lines(
        parts,
        filterScan(wanted, scan, () => null),
      );
      const rows = plainRows(parts.flat());
      const mayBeShown = (row: PlainRow): boolean => passes({ ...wanted, include: null, levels: null }, row);
      const numbers = rows.flatMap((row, line) => (!hides(wanted) || mayBeShown(row) ? [line] : []));
      const shown = numbers.flatMap((line) => rows[line] ?? []);
      const places = around(shown, wanted.context, (row) => passes(wanted, row));
      expect(found).toEqual(places.map((place) => numbers[place]));
    }),
    { numRuns: 300 },
  );
});

test('finds the unfinished lines of a log at rest, and says of them what holds once they go on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arrivals(bytes, 8), { minLength: 1, maxLength: 4 }), filter, async (parts, wanted) => {
      const scanOf = filterScan(wanted, scan, () => null);
      let lines: readonly number[] = [];
      await scanned(
        parts,
        async ({ raw }, unit) => {
          const more = await scanOf(raw, unit);
          lines = [...lines.filter((line) => line < unit.from.line), ...more];
        },
        true,
      );
      const rows = plainRows(parts.flat(), true);
      expect(lines).toEqual([...new Set(lines)].toSorted((one, other) => one - other));
      const matching = around(rows, 0, (row) => passes(wanted, row));
      expect(lines).toEqual(wanted.context === 0 ? matching : expect.arrayContaining([...matching]));
    }),
    { numRuns: 300 },
  );
});

test('a stream of one rank alone is filtered whole', async () => {
  const arrived = [0, 1, 2].map((stream) => ({ stream, bytes: Buffer.from('x\n'), time: 1 }));
  expect(
    await lines(
      [arrived],
      filterScan({ ...noFilter, ranks: [2] }, scan, (stream) => stream),
    ),
  ).toEqual([2]);
});

test('marks the errors and warnings that each line alone has', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arrivals(bytes, 12), { minLength: 1, maxLength: 3 }), async (parts) => {
      const marks = new MarkScan(scan);
      const found = await scanned(parts, async ({ raw }, unit) => await marks.marks(raw, unit));
      const rows = plainRows(parts.flat());
      const having = (level: string): readonly number[] =>
        around(rows, 0, (row) => row.gap === null && lineLevel(row.bytes.toString()) === level);
      expect(found.flatMap(({ errors }) => errors)).toEqual(having('error'));
      expect(found.flatMap(({ warnings }) => warnings)).toEqual(having('warning'));
    }),
    { numRuns: 150 },
  );
});

test('finds a failure whose lines come in many portions, among those of another stream', async () => {
  const trace = [
    'Traceback (most recent call last):',
    '  File "/a/train.py", line 3, in <module>',
    '    f()',
    'ValueError: x',
    '',
  ];
  const parts = trace.map((text) => [
    { stream: 1, bytes: Buffer.from(`${text}\n`), time: 1 },
    { stream: 0, bytes: Buffer.from('step 1\nstep 2\n'), time: 1 },
  ]);
  const marks = new MarkScan(scan);
  const found = await scanned(parts, async ({ raw }, unit) => await marks.marks(raw, unit));
  const failures = [...found.flatMap((one) => one.failures), ...marks.end().failures];
  expect(failures).toMatchObject([{ type: 'ValueError', message: 'x', frames: [{ path: '/a/train.py', line: 3 }] }]);
  expect(found.at(-1)?.errors).toEqual([]);
});

test('tells a rank that a few lines of a short log have', async () => {
  const lines = Array.from({ length: 700 }, (_, line) => (line === 600 ? '3: a\n' : '\n')).join('');
  const marks = new MarkScan(scan);
  const found = await scanned(
    [[{ stream: 0, bytes: Buffer.from(lines), time: 1 }]],
    async ({ raw }, unit) => await marks.marks(raw, unit),
  );
  expect(found.at(-1)?.ranks).toEqual([3]);
});

test('tells the ranks that lines begin with', async () => {
  const bytesOf = Buffer.from('[rank3]: a\n[rank0]: b\nc\n');
  const marks = new MarkScan(scan);
  const found = await scanned(
    [[{ stream: 0, bytes: bytesOf, time: 1 }]],
    async ({ raw }, unit) => await marks.marks(raw, unit),
  );
  expect(found.at(-1)?.ranks).toEqual([0, 3]);
});

test.each([
  [
    'of all lines after the first thousands',
    (line: number) => (line < 4_000 ? 'setup' : `[default${line % 4}]: step`),
    [0, 1, 2, 3],
  ],
  ['of one line among thousands', (line: number) => (line === 7_123 ? '[rank5]: Traceback' : 'step 1'), [5]],
])('tells the ranks %s', async (_what, textOf, ranks) => {
  const lines = Array.from({ length: 9_000 }, (_, line) => `${textOf(line)}\n`).join('');
  const marks = new MarkScan(scan);
  const found = await scanned(
    [[{ stream: 0, bytes: Buffer.from(lines), time: 1 }]],
    async ({ raw }, unit) => await marks.marks(raw, unit),
  );
  expect(found.at(-1)?.ranks).toEqual(ranks);
});
