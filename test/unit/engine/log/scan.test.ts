import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { Failure } from '../../../../src/core/failure/failure.ts';
import { lineLevel } from '../../../../src/core/failure/level.ts';
import { withoutPrefix } from '../../../../src/core/failure/linePrefix.ts';
import { visibleText } from '../../../../src/core/failure/visibleText.ts';
import { type LineFilter, type LineQuery, noFilter } from '../../../../src/core/logRow.ts';
import { createByteScan } from '../../../../src/engine/log/bytes/createByteScan.ts';
import { LogIndex } from '../../../../src/engine/log/logIndex.ts';
import type { LogSource } from '../../../../src/engine/log/logSource.ts';
import type { RawLog } from '../../../../src/engine/log/rawLog.ts';
import { FailureScan } from '../../../../src/engine/log/scan/failureScan.ts';
import { lineJoin, lineLook } from '../../../../src/engine/log/scan/findScan.ts';
import { findMarks } from '../../../../src/engine/log/scan/markScan.ts';
import type { LineGoal } from '../../../../src/engine/log/scan/scanMessages.ts';
import { readUnit, type ScanUnit } from '../../../../src/engine/log/scan/scanUnits.ts';
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

/** Looks at units in their order. */
type LineScan = (raw: RawLog, unit: ScanUnit) => Promise<readonly number[]>;

function lineScan(goal: LineGoal, rankOf: (stream: number) => number | null = () => null): LineScan {
  const look = lineLook(goal, scan, rankOf);
  const join = lineJoin(goal);
  return async (raw, unit) => [...join(await look(raw, unit), unit.from, unit.to)];
}

async function lines(parts: readonly (readonly Arrived[])[], scanOf: LineScan): Promise<readonly number[]> {
  return (await scanned(parts, async ({ raw }, unit) => await scanOf(raw, unit))).flat();
}

/** What is marked in a log that is looked at in as many units as it grew, and the failures in it. */
async function marked(parts: readonly (readonly Arrived[])[]): Promise<{
  readonly errors: readonly number[];
  readonly warnings: readonly number[];
  readonly ranks: readonly number[];
  readonly failures: readonly Failure[];
}> {
  let failureScan: FailureScan | undefined;
  const found = await scanned(parts, async ({ raw }, unit) => {
    failureScan ??= new FailureScan(raw, scan);
    const { errors, warnings, begins, ranks } = await findMarks(scan, raw, unit);
    return { errors, warnings, ranks, failures: await failureScan.failures(begins, unit.from, unit.to) };
  });
  return {
    errors: found.flatMap(({ errors }) => [...errors]),
    warnings: found.flatMap(({ warnings }) => [...warnings]),
    ranks: [...new Set(found.flatMap(({ ranks }) => ranks))].toSorted((a, b) => a - b),
    failures: [...found.flatMap(({ failures }) => failures), ...(failureScan?.end() ?? [])],
  };
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
      const found = await lines(parts, lineScan({ kind: 'find', query: wanted }));
      expect(found).toEqual(around(rows, 0, (row) => row.gap === null && matches(wanted, seen(row))));
    }),
    { numRuns: 150 },
  );
});

test('filters as a plain reader does, in however many portions the log comes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arrivals(bytes, 12), { minLength: 1, maxLength: 4 }), filter, async (parts, wanted) => {
      const found = await lines(parts, lineScan({ kind: 'filter', filter: wanted }));
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
      const scanOf = lineScan({ kind: 'filter', filter: wanted });
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
      lineScan({ kind: 'filter', filter: { ...noFilter, ranks: [2] } }, (stream) => stream),
    ),
  ).toEqual([2]);
});

test('marks the errors and warnings that each line alone has', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arrivals(bytes, 12), { minLength: 1, maxLength: 3 }), async (parts) => {
      const found = await marked(parts);
      const rows = plainRows(parts.flat());
      const having = (level: string): readonly number[] =>
        around(rows, 0, (row) => row.gap === null && lineLevel(row.bytes.toString()) === level);
      expect(found.errors).toEqual(having('error'));
      expect(found.warnings).toEqual(having('warning'));
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
  const { failures, errors } = await marked(parts);
  expect(failures).toMatchObject([{ type: 'ValueError', message: 'x', frames: [{ path: '/a/train.py', line: 3 }] }]);
  expect(errors).toEqual([0, 9]);
});

test('tells a rank that a few lines of a short log have', async () => {
  const lines = Array.from({ length: 700 }, (_, line) => (line === 600 ? '3: a\n' : '\n')).join('');
  const found = await marked([[{ stream: 0, bytes: Buffer.from(lines), time: 1 }]]);
  expect(found.ranks).toEqual([3]);
});

test('tells the ranks that lines begin with', async () => {
  const bytesOf = Buffer.from('[rank3]: a\n[rank0]: b\nc\n');
  const found = await marked([[{ stream: 0, bytes: bytesOf, time: 1 }]]);
  expect(found.ranks).toEqual([0, 3]);
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
  const found = await marked([[{ stream: 0, bytes: Buffer.from(lines), time: 1 }]]);
  expect(found.ranks).toEqual(ranks);
});
