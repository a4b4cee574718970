import { truncateSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { AttemptKey } from '../../../src/core/job.ts';
import type { LogCursor, StreamId } from '../../../src/core/logChunk.ts';
import { attemptLogFolder, orderFile } from '../../../src/engine/logFolder.ts';
import { LogSpool } from '../../../src/engine/logSpool.ts';
import { tailLog } from '../../../src/engine/logTail.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';
import { TailReader } from '../../../src/engine/tailReader.ts';
import type { LogLine, LogTailUpdate } from '../../../src/core/logView.ts';
import { workFolder } from '../../fixtures/engine/engineParts.ts';
import { acceptedAttempt, openLogStore } from '../../fixtures/log/logJob.ts';
import { itemsOf, type Piece, rank1, sameStream, stderr, stdout } from '../../fixtures/log/output.ts';

const work = workFolder();
const root = work.path;
const store = openLogStore(root);

afterAll(() => {
  store.dispose();
  work.remove();
});

async function openSpool(key: AttemptKey): Promise<LogSpool> {
  return await LogSpool.open({ key, folder: attemptLogFolder(root, key), positions: store, clock: systemClock });
}

function openReader(key: AttemptKey): TailReader {
  return new TailReader({ key, folder: attemptLogFolder(root, key), records: store, clock: systemClock });
}

/** What a person sees after these updates: the lines by stream, and the unfinished ones below. */
class Screen {
  lines: string[] = [];
  partial: string[] = [];
  resets = 0;
  totalBytes = 0;

  apply(update: Omit<LogTailUpdate, 'status'>): void {
    this.resets += update.reset ? 1 : 0;
    this.lines = [...(update.reset ? [] : this.lines), ...update.lines.map(seen)];
    this.partial = update.partial.map(seen).toSorted();
    this.totalBytes = update.totalBytes;
  }

  async readAll(reader: TailReader): Promise<void> {
    for (let more = true; more;) {
      const read = await reader.read();
      more = read.more;
      if (read.update !== undefined) {
        this.apply(read.update);
      }
    }
  }
}

function seen({ stream, node, text, gap, cutBytes, cutStart }: LogLine): string {
  return gap === null
    ? `${stream}${node} ${cutStart ? '… ' : ''}${text}${cutBytes > 0 ? ` +${cutBytes}` : ''}`
    : `gap ${gap}`;
}

/** What should be seen of the pieces, worked out the slow way. */
function expected(pieces: readonly Piece[]): { lines: string[]; partial: string[] } {
  const rests = new Map<StreamId, Buffer>();
  const lines: string[] = [];
  for (const piece of pieces) {
    if ('gap' in piece) {
      lines.push(`gap ${piece.gap}`);
      continue;
    }
    const parts = [
      ...Buffer.concat([rests.get(piece.stream) ?? Buffer.alloc(0), piece.bytes])
        .toString('latin1')
        .split('\n'),
    ];
    rests.set(piece.stream, Buffer.from(parts.pop() ?? '', 'latin1'));
    lines.push(...parts.map((part) => `${piece.stream.name}${piece.stream.node} ${part}`));
  }
  const partial = [...rests].flatMap(([stream, rest]) =>
    rest.byteLength === 0 ? [] : [`${stream.name}${stream.node} ${rest.toString('latin1')}`],
  );
  return { lines, partial: partial.toSorted() };
}

const text = fc
  .string({ unit: fc.constantFrom('a', 'b', '\n', ' '), minLength: 1, maxLength: 25 })
  .map((chars) => Buffer.from(chars));
const pieces: fc.Arbitrary<readonly Piece[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ stream: fc.constantFrom(stdout, stderr, rank1), bytes: text }) },
    { weight: 1, arbitrary: fc.record({ gap: fc.string() }) },
  ),
  { maxLength: 25 },
);

test('whatever the chunks, the deaths of the writer and the moments of reading, the same lines are seen', async () => {
  await fc.assert(
    fc.asyncProperty(
      pieces,
      fc.infiniteStream(fc.integer({ min: 1, max: 20 })),
      fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
      fc.array(fc.nat(12), { maxLength: 5 }),
      async (output, cuts, chances, deaths) => {
        const key = acceptedAttempt(store);
        const reader = openReader(key);
        const screen = new Screen();
        await screen.readAll(reader);
        for (const death of [...deaths, undefined]) {
          const spool = await openSpool(key);
          let appended = 0;
          for (const item of itemsOf(output, spool.cursor, () => Number(cuts.next().value))) {
            if (appended === death) {
              break;
            }
            await spool.append(item);
            appended += 1;
            if (chances.next().value === 0) {
              await screen.readAll(reader);
            }
          }
          // A writer that dies has recorded nothing at the end.
          if (death === undefined) {
            await spool.settle('following');
          }
          await spool.close();
          if (chances.next().value === 0) {
            await screen.readAll(reader);
          }
        }
        await screen.readAll(reader);
        const late = openReader(key);
        const fresh = new Screen();
        await fresh.readAll(late);
        await Promise.all([reader.close(), late.close()]);
        expect({ lines: screen.lines, partial: screen.partial }).toEqual(expected(output));
        expect({ lines: fresh.lines, partial: fresh.partial }).toEqual(expected(output));
      },
    ),
    { numRuns: 80 },
  );
});

async function append(spool: LogSpool, stream: StreamId, data: string | Uint8Array): Promise<void> {
  const cursor = `${Math.random()}` as LogCursor;
  await spool.append({ kind: 'bytes', stream, bytes: Buffer.from(data), time: 1_000, cursor });
}

test('of a large log only the end is read, and it begins within a line only when it says so', async () => {
  const key = acceptedAttempt(store);
  const spool = await openSpool(key);
  const lines = Array.from(
    { length: 60_000 },
    (_, index) => `step ${index} loss 0.5 and some more words to fill the line`,
  );
  await append(spool, stderr, 'an old line without an end');
  await append(spool, stdout, `${lines.join('\n')}\n`);
  await spool.settle('following');
  const screen = new Screen();
  const reader = openReader(key);
  await screen.readAll(reader);
  const total = Buffer.byteLength(lines.join('\n')) + 1 + 26;
  expect(screen.totalBytes).toBe(total);
  expect(screen.lines.at(-1)).toBe(`stdout0 ${lines.at(-1)}`);
  expect(screen.lines.length).toBeGreaterThan(2_000);
  expect(screen.lines.length).toBeLessThan(8_000);
  expect(screen.lines[0]).toMatch(/^stdout0 … /u);
  expect(screen.lines.slice(1)).toEqual(lines.slice(1 - screen.lines.length).map((line) => `stdout0 ${line}`));
  await reader.close();
  await spool.close();
});

test('a reader that fell far behind starts at the end again', async () => {
  const key = acceptedAttempt(store);
  const spool = await openSpool(key);
  await append(spool, stdout, 'first\n');
  const reader = openReader(key);
  const screen = new Screen();
  await screen.readAll(reader);
  const block = `${'x'.repeat(99)}\n`.repeat(10_000);
  for (let written = 0; written < 12; written += 1) {
    await append(spool, stdout, block);
  }
  await append(spool, stdout, 'last\n');
  await screen.readAll(reader);
  expect(screen.resets).toBe(2);
  expect(screen.lines.at(-1)).toBe('stdout0 last');
  expect(screen.lines.length).toBeLessThan(6_000);
  expect(screen.totalBytes).toBe(12_000_000 + 11);
  await reader.close();
  await spool.close();
});

test('more lines than one update takes: only the newest, and the view is told to start anew', async () => {
  const key = acceptedAttempt(store);
  const spool = await openSpool(key);
  const reader = openReader(key);
  await reader.read();
  await append(spool, stdout, '\n'.repeat(60_000));
  const { update } = await reader.read();
  expect(update?.lines.length).toBe(5_000);
  expect(update?.reset).toBe(true);
  await reader.close();
  await spool.close();
});

test('a long line is cut and what is left out is counted', async () => {
  const key = acceptedAttempt(store);
  const spool = await openSpool(key);
  await append(spool, stdout, `${'y'.repeat(150_000)}\n`);
  const screen = new Screen();
  const reader = openReader(key);
  await screen.readAll(reader);
  expect(screen.lines).toEqual([`stdout0 ${'y'.repeat(10_000)} +140000`]);
  await reader.close();
  await spool.close();
});

test('files that are gone are said to be gone', async () => {
  const key = acceptedAttempt(store);
  const spool = await openSpool(key);
  await append(spool, stdout, 'one\n');
  await append(spool, stdout, 'two\n');
  await spool.settle('complete');
  await spool.close();
  truncateSync(orderFile(attemptLogFolder(root, key)), 16);
  const screen = new Screen();
  const reader = openReader(key);
  await screen.readAll(reader);
  expect(screen.lines).toEqual([expect.stringContaining('shorter than it was')]);
  await rm(attemptLogFolder(root, key), { recursive: true });
  await screen.readAll(reader);
  expect(screen.lines).toEqual([expect.stringContaining('shorter than it was')]);
  await reader.close();
});

test('the tail goes on while the log grows, says how it stands and ends with it', async () => {
  const key = acceptedAttempt(store);
  const screen = new Screen();
  const statuses: string[] = [];
  const stop = new AbortController();
  const source = { key, folder: attemptLogFolder(root, key), records: store, clock: systemClock };
  let spool: LogSpool | undefined;
  for await (const update of tailLog(source, stop.signal)) {
    screen.apply(update);
    statuses.push(update.status);
    if (spool === undefined) {
      spool = await openSpool(key);
      await append(spool, stdout, 'step 1\nstep');
    } else if (screen.partial.includes('stdout0 step')) {
      await append(spool, stdout, ' 2\n');
      await spool.noteGap('sampled');
      await append(spool, stderr, 'warning\n');
      await spool.settle('complete');
    }
  }
  await spool?.close();
  expect(screen.lines).toEqual(['stdout0 step 1', 'stdout0 step 2', 'gap sampled', 'stderr0 warning']);
  expect(screen.partial).toEqual([]);
  expect([statuses[0], statuses.at(-1)]).toEqual(['none', 'complete']);
});

test('the tail ends quietly when it is aborted', async () => {
  const key = acceptedAttempt(store);
  const stop = new AbortController();
  const source = { key, folder: attemptLogFolder(root, key), records: store, clock: systemClock };
  let updates = 0;
  for await (const update of tailLog(source, stop.signal)) {
    expect(update.lines).toEqual([]);
    updates += 1;
    setImmediate(() => {
      stop.abort();
    });
  }
  expect(updates).toBe(1);
});

test('the streams of an attempt are told apart by name, task and node', async () => {
  const key = acceptedAttempt(store);
  const spool = await openSpool(key);
  const streams: readonly StreamId[] = [
    stdout,
    rank1,
    { name: 'stdout', task: 1, node: 0 },
    { name: '../system log', task: 0, node: 0 },
  ];
  for (const stream of streams) {
    await append(spool, stream, `from ${JSON.stringify(stream)}\n`);
  }
  const reader = openReader(key);
  const { update } = await reader.read();
  expect(
    update?.lines.map(({ stream, task, node, text: line, time }) => ({
      ok: line === `from ${JSON.stringify({ name: stream, task, node })}`,
      time,
    })),
  ).toEqual(streams.map(() => ({ ok: true, time: 1_000 })));
  expect(streams.every((one, index) => streams.findIndex((other) => sameStream(one, other)) === index)).toBe(true);
  await reader.close();
  await spool.close();
});
