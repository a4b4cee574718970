import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { LogRow } from '../../../../src/core/logRow.ts';
import { shownBytes } from '../../../../src/engine/log/lineText.ts';
import { logStart } from '../../../../src/engine/log/lineReplay.ts';
import { LogIndex } from '../../../../src/engine/log/logIndex.ts';
import { LogLines } from '../../../../src/engine/log/logLines.ts';
import type { LogSource } from '../../../../src/engine/log/logSource.ts';
import { workFolder } from '../../../fixtures/engine/engineParts.ts';
import { type Arrived, ArrivedLog, arrivals, plainRows, type PlainRow } from '../../../fixtures/log/arrivedLog.ts';

const work = workFolder();
let logs = 0;

afterAll(() => {
  work.remove();
});

function newLog(): ArrivedLog {
  logs += 1;
  return new ArrivedLog(join(work.path, String(logs)));
}

const byte = fc.constantFrom(10, 10, 13, 0, 97, 98, 27, 91, 109, 0xc3, 0xa9, 0xff, 0xe2);
const bytes = fc.array(byte, { minLength: 1, maxLength: 40 }).map((list) => Uint8Array.from(list));

async function indexed(source: LogSource, index: LogIndex): Promise<void> {
  await source.look(index.end, index.edges);
  while (await index.advance()) {
    // Until nothing more has arrived.
  }
}

function shown({ line, stream, time, text, gap }: LogRow): object {
  return gap === null ? { line, stream, time, text } : { line, time, gap };
}

/** As `shown` gives it. */
function expected({ stream, time, bytes: raw, gap }: PlainRow, line: number): object {
  if (gap !== null) {
    return { line, time, gap };
  }
  const last = raw.toString('latin1').replace(/\r+$/u, '').split('\r').at(-1) ?? '';
  return { line, stream, time, text: Buffer.from(last, 'latin1').toString() };
}

test('whatever the portions in which it arrived and was read, the lines are those of a plain reader', async () => {
  await fc.assert(
    fc.asyncProperty(arrivals(bytes, 60), fc.nat(), fc.nat(), async (arrived, cut, from) => {
      const log = newLog();
      const source = log.source();
      const index = new LogIndex(source);
      const lines = new LogLines(source, index);
      const middle = cut % (arrived.length + 1);
      for (const part of [arrived.slice(0, middle), arrived.slice(middle)]) {
        log.append(part);
        await indexed(source, index);
      }
      const plain = plainRows(arrived).map(expected);
      expect(index.lines).toBe(plain.length);
      expect((await lines.rows(0, plain.length + 1)).map(shown)).toEqual(plain);
      const first = from % (plain.length + 1);
      expect((await lines.rows(first, 3)).map(shown)).toEqual(plain.slice(first, first + 3));
      await source.close();
    }),
    { numRuns: 150 },
  );
});

test('the order of arrival may be on disk before the bytes are', async () => {
  await fc.assert(
    fc.asyncProperty(arrivals(bytes, 20), fc.nat(), async (arrived, cut) => {
      const log = newLog();
      const source = log.source();
      const index = new LogIndex(source);
      const lines = new LogLines(source, index);
      const middle = cut % (arrived.length + 1);
      log.appendOrder(arrived);
      log.appendBytes(arrived.slice(0, middle));
      await indexed(source, index);
      const before = (await lines.rows(0, 1000)).map(shown);
      log.appendBytes(arrived.slice(middle));
      await indexed(source, index);
      const plain = plainRows(arrived).map(expected);
      expect(before).toEqual(plain.slice(0, before.length));
      expect((await lines.rows(0, plain.length)).map(shown)).toEqual(plain);
      await source.close();
    }),
    { numRuns: 60 },
  );
});

/** Some MB in three streams, with very long lines; the same each time. */
function largeLog(): readonly Arrived[] {
  let state = 7;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  const arrived: Arrived[] = [];
  for (let number = 0; number < 30_000; number += 1) {
    const long = number % 9_001 === 9_000 ? 700_000 : random(150);
    const text = `${number} ${'x'.repeat(long)}${random(3) === 0 ? '' : '\n'}`;
    arrived.push({ stream: random(3), bytes: Buffer.from(text), time: number });
  }
  return [...arrived, ...[0, 1, 2].map((stream) => ({ stream, bytes: Buffer.from('\n'), time: 30_000 }))];
}

test('any place of a log of many blocks is read as a plain reader reads it', async () => {
  const arrived = largeLog();
  const log = newLog();
  log.append(arrived);
  const source = log.source();
  const index = new LogIndex(source);
  await indexed(source, index);
  const lines = new LogLines(source, index);
  const plain = plainRows(arrived);
  expect(index.lines).toBe(plain.length);
  expect(index.marks.length).toBeGreaterThan(5);
  for (let from = 0; from < plain.length; from += 997) {
    const rows = await lines.rows(from, 20);
    expect(rows.map(({ text, cutBytes }) => text.length + cutBytes)).toEqual(
      plain.slice(from, from + 20).map(({ bytes: raw }) => raw.byteLength),
    );
    expect(rows.map(({ text }) => text)).toEqual(
      plain.slice(from, from + 20).map(({ bytes: raw }) => raw.toString('utf8', 0, shownBytes)),
    );
  }
  await source.close();
});

test('reading in small portions marks the same lines as reading at once', async () => {
  const arrived = largeLog();
  const log = newLog();
  const source = log.source();
  const index = new LogIndex(source);
  for (let at = 0; at < arrived.length; at += 3_001) {
    log.append(arrived.slice(at, at + 3_001));
    await indexed(source, index);
  }
  const plain = plainRows(arrived);
  expect(index.lines).toBe(plain.length);
  for (const { line, streams } of index.marks) {
    const taken = streams.reduce((sum, one) => sum + one.taken, 0);
    expect(plain.slice(0, line).reduce((sum, { bytes: raw }) => sum + raw.byteLength + 1, 0)).toBeLessThanOrEqual(
      taken,
    );
  }
  const block = index.blockOf(index.lines - 1);
  expect(block?.to).toBe(index.end);
  expect(index.blockOf(0)?.from).toBe(logStart);
  await source.close();
});

test('a line of 20 MB, and one without an end', async () => {
  const log = newLog();
  const long = Buffer.alloc(20_000_000, 'x');
  const pieces = Array.from({ length: 320 }, (_, index) => long.subarray(index * 62_500, (index + 1) * 62_500));
  log.append([
    ...pieces.map((piece) => ({ stream: 0, bytes: piece, time: 1 })),
    { stream: 0, bytes: Buffer.from('\nnext\nopen'), time: 2 },
  ]);
  const source = log.source();
  const index = new LogIndex(source);
  await indexed(source, index);
  const lines = new LogLines(source, index);
  const rows = await lines.rows(0, 10);
  expect(rows.map(({ text, cutBytes }) => text.length + cutBytes)).toEqual([20_000_000, 4]);
  expect((await lines.partial()).map(({ text }) => text)).toEqual(['open']);
  await source.close();
});

test('gives all versions of a bar that goes on, of very many the newest', async () => {
  const log = newLog();
  const source = log.source();
  const index = new LogIndex(source);
  const lines = new LogLines(source, index);
  log.append([{ stream: 1, bytes: Buffer.from('done\r\n1%\r2%\r'), time: 1 }]);
  await indexed(source, index);
  expect(await lines.wholeUnfinished(1)).toEqual({ text: '1%\n2%', cutBytes: 0, cutAt: 'end' });
  expect(await lines.wholeUnfinished(0)).toBeNull();
  const bars = Array.from({ length: 200_000 }, (_, update) => `\r${update} of many`);
  log.append([{ stream: 1, bytes: Buffer.from(bars.join('')), time: 2 }]);
  await indexed(source, index);
  const whole = await lines.wholeUnfinished(1);
  expect(whole?.cutAt).toBe('start');
  const kept = whole?.text.split('\n') ?? [];
  expect(kept).toEqual(bars.slice(-kept.length).map((bar) => bar.slice(1)));
  const left = bars.slice(0, -kept.length).join('').length + '1%\r2%\r'.length + 1;
  expect(whole?.cutBytes).toBe(left);
  await source.close();
});
