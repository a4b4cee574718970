import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test, vi } from 'vitest';
import type { AttemptKey } from '../../../src/core/job.ts';
import type { LogCursor, LogItem, StreamId } from '../../../src/core/logChunk.ts';
import { attemptLogFolder, orderFile, streamFile } from '../../../src/engine/logFolder.ts';
import { decodeOrder } from '../../../src/engine/logOrder.ts';
import type { LogPositions } from '../../../src/engine/logRecovery.ts';
import { LogSpool } from '../../../src/engine/logSpool.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';
import { workFolder } from '../../fixtures/engine/engineParts.ts';
import { acceptedAttempt, openLogStore, spooled } from '../../fixtures/log/logJob.ts';
import { openFilesBelow } from '../../fixtures/log/openFiles.ts';
import { bytesOf, itemsOf, type Piece, rank1, stderr, stdout } from '../../fixtures/log/output.ts';

const work = workFolder();
const root = work.path;
const store = openLogStore(root);
const streams = [stdout, stderr, rank1];

afterAll(() => {
  store.dispose();
  work.remove();
});

async function openSpool(key: AttemptKey, positions: LogPositions = store): Promise<LogSpool> {
  return await LogSpool.open({ key, folder: attemptLogFolder(root, key), positions, clock: systemClock });
}

function bytesItem(stream: StreamId, text: string, cursor: string): LogItem {
  return { kind: 'bytes', stream, bytes: Buffer.from(text), time: null, cursor: cursor as LogCursor };
}

const piece: fc.Arbitrary<Piece> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      stream: fc.constantFrom(...streams),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ gap: fc.string() }) },
);

test('any cutting, any interleaving and any death leave the same bytes and the same gaps', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 30 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
      fc.array(fc.record({ after: fc.nat(12), settled: fc.boolean(), torn: fc.uint8Array({ maxLength: 50 }) }), {
        maxLength: 6,
      }),
      async (pieces, cuts, deaths) => {
        const key = acceptedAttempt(store);
        const cut = (): number => Number(cuts.next().value);
        for (const death of [...deaths, undefined]) {
          const spool = await openSpool(key);
          let appended = 0;
          for (const item of itemsOf(pieces, spool.cursor, cut)) {
            if (appended === death?.after) {
              break;
            }
            await spool.append(item);
            appended += 1;
          }
          if (death === undefined || death.settled) {
            await spool.settle('following');
          }
          await spool.close();
          if (death !== undefined) {
            leaveTorn(key, death.torn);
          }
        }
        for (const stream of streams) {
          expect(spooled(root, key, stream)).toEqual(bytesOf(pieces, stream));
        }
        const state = store.logState(key);
        expect(state.gaps.map(({ reason }) => reason)).toEqual(
          pieces.flatMap((each) => ('gap' in each ? [each.gap] : [])),
        );
        expectOrderOf(key, pieces);
      },
    ),
    { numRuns: 60 },
  );
});

/** What a process leaves behind that dies while it writes: more in the files than is recorded. */
function leaveTorn(key: AttemptKey, bytes: Uint8Array): void {
  const folder = attemptLogFolder(root, key);
  for (const name of readdirSync(folder)) {
    appendFileSync(join(folder, name), bytes);
  }
}

/** The order of arrival, read back, is the order in which the pieces came. */
function expectOrderOf(key: AttemptKey, pieces: readonly Piece[]): void {
  const { streams: recorded, gaps } = store.logState(key);
  const order = existsSync(orderFile(attemptLogFolder(root, key)))
    ? readFileSync(orderFile(attemptLogFolder(root, key)))
    : Buffer.alloc(0);
  const found = decodeOrder(order).flatMap((record) =>
    record.kind === 'gap'
      ? [`gap ${gaps[record.gap]?.reason ?? ''}`]
      : Array.from({ length: record.bytes }, () => JSON.stringify(recorded[record.stream]?.stream)),
  );
  const wanted = pieces.flatMap((each) =>
    'gap' in each ? [`gap ${each.gap}`] : Array.from(each.bytes, () => JSON.stringify(each.stream)),
  );
  expect(found).toEqual(wanted);
}

test('files that are shorter than recorded mean that the log starts again', async () => {
  const key = acceptedAttempt(store);
  const first = await openSpool(key);
  await first.append(bytesItem(stdout, 'step 1\nstep 2\n', 'a'));
  await first.append({
    kind: 'gap',
    stream: stdout,
    from: null,
    to: null,
    reason: 'rotated away',
    cursor: 'b' as LogCursor,
  });
  await first.settle('following');
  await first.close();
  truncateSync(streamFile(attemptLogFolder(root, key), stdout), 3);

  const second = await openSpool(key);
  expect(second.cursor).toBeNull();
  await second.append(bytesItem(stdout, 'step 1\n', 'c'));
  await second.settle('complete');
  await second.close();
  expect(spooled(root, key, stdout).toString()).toBe('step 1\n');
  expect(store.logState(key)).toMatchObject({ cursor: 'c', gaps: [], status: 'complete' });
});

test('the last of a burst is recorded although nothing follows, and a silent log keeps no file open', async () => {
  const key = acceptedAttempt(store);
  const spool = await openSpool(key);
  await spool.append(bytesItem(stdout, 'one', '1'));
  await spool.append(bytesItem(stderr, 'two', '2'));
  await vi.waitFor(() => {
    expect(store.logState(key).cursor).toBe('2');
  });
  if (process.platform === 'linux') {
    await vi.waitFor(() => {
      expect(openFilesBelow(attemptLogFolder(root, key))).toEqual([]);
    });
  }
  await spool.append(bytesItem(stdout, ' three', '3'));
  await spool.settle('following');
  await spool.close();
  expect(spooled(root, key, stdout).toString()).toBe('one three');
});

test('a follower that was overtaken while it slept can record nothing more', async () => {
  const key = acceptedAttempt(store);
  const asleep = await openSpool(key);
  await asleep.append(bytesItem(stdout, 'ab', '2'));
  await asleep.settle('following');
  const awake = await openSpool(key);
  await awake.append(bytesItem(stdout, 'cdef', '6'));
  await awake.settle('following');
  await expect(
    asleep.append(bytesItem(stdout, 'c', '3')).then(async () => await asleep.settle('following')),
  ).rejects.toThrow(/followed elsewhere/u);
  await expect(asleep.append(bytesItem(stdout, 'd', '4'))).rejects.toThrow(/followed elsewhere/u);
  await awake.append(bytesItem(stdout, 'gh', '8'));
  await awake.settle('complete');
  await Promise.all([asleep.close(), awake.close()]);
  expect(spooled(root, key, stdout).toString()).toBe('abcdefgh');
  expect(store.logState(key)).toMatchObject({ cursor: '8', status: 'complete' });
});

test('a job that is deleted meanwhile gets no rows back', async () => {
  const key = acceptedAttempt(store, 'failed');
  const spool = await openSpool(key);
  store.deleteJob(key.runId);
  await expect(spool.append(bytesItem(stdout, 'late', '1'))).rejects.toThrow(/was deleted/u);
  await spool.close();
  expect(store.logState(key).streams).toEqual([]);
});

test('when the store cannot record, the next opening fetches the same bytes again', async () => {
  const key = acceptedAttempt(store);
  let broken = false;
  const moody: LogPositions = {
    logState: (of) => store.logState(of),
    recordLog: (of, state, from) => {
      if (broken) {
        throw new Error('database or disk is full');
      }
      return store.recordLog(of, state, from);
    },
  };
  const first = await openSpool(key, moody);
  await first.append(bytesItem(stdout, 'kept ', '1'));
  await first.settle('following');
  broken = true;
  await first.append(bytesItem(stdout, 'not yet', '2')).catch(() => undefined);
  await expect(first.settle('following')).rejects.toThrow('disk is full');
  expect(first.failure?.message).toContain('disk is full');
  await first.close();
  broken = false;
  const second = await openSpool(key, moody);
  expect(second.cursor).toBe('1');
  await second.append(bytesItem(stdout, 'at last', '2'));
  await second.settle('following');
  await second.close();
  expect(spooled(root, key, stdout).toString()).toBe('kept at last');
});

test('no stream name leaves the folder, and no two share a file on any file system', () => {
  const folder = join(root, 'logs', 'x');
  fc.assert(
    fc.property(
      fc.uniqueArray(
        fc.record({
          name: fc.oneof(
            fc.string({ unit: 'binary', maxLength: 300 }),
            fc.constantFrom(
              '../../etc/passwd',
              '/etc/passwd',
              '..',
              '.',
              '',
              'order',
              'CON',
              'a\0b',
              'C:\\x',
              'STDOUT',
              'stdout',
              'stdout.t1',
              'stdout.t1.n2',
            ),
          ),
          task: fc.integer({ min: 0, max: 3 }),
          node: fc.integer({ min: 0, max: 3 }),
        }),
        { selector: (stream) => JSON.stringify(stream), maxLength: 20 },
      ),
      (names) => {
        const paths = names.map((stream) => streamFile(folder, stream));
        for (const path of paths) {
          expect(dirname(path)).toBe(folder);
          expect(basename(path)).toMatch(/^[A-Za-z0-9_.-]{1,140}\.log$/u);
          expect(basename(path)).not.toMatch(/^\.|^(?:con|prn|aux|nul)\./iu);
        }
        expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(paths.length);
      },
    ),
    { numRuns: 40 },
  );
});

test('no run id or attempt number names another folder', () => {
  for (const runId of ['..', '../../x', '', '/etc', '01ARZ3NDEKTSV4RRFFQ69G5FA']) {
    expect(() => attemptLogFolder(root, { runId: runId as AttemptKey['runId'], attempt: 1 })).toThrow(/no run id/u);
  }
  const { runId } = acceptedAttempt(store);
  for (const attempt of [0, -1, 1.5, Number.NaN]) {
    expect(() => attemptLogFolder(root, { runId, attempt })).toThrow(/no attempt/u);
  }
});

test('a stream that was never recorded leaves nothing of an earlier try in its file', async () => {
  const key = acceptedAttempt(store);
  const first = await openSpool(key);
  await first.close();
  writeFileSync(streamFile(attemptLogFolder(root, key), stderr), 'left by a process that died');
  const second = await openSpool(key);
  await second.append(bytesItem(stderr, 'new', '1'));
  await second.settle('following');
  await second.close();
  expect(spooled(root, key, stderr).toString()).toBe('new');
  rmSync(attemptLogFolder(root, key), { recursive: true });
});
