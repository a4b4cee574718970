import { execFileSync } from 'node:child_process';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import type { LogCursor } from '../../../src/core/logChunk.ts';
import { attemptLogFolder, streamFile } from '../../../src/engine/logFolder.ts';
import { LogFollowers } from '../../../src/engine/logFollowers.ts';
import { LogSpool } from '../../../src/engine/logSpool.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';
import { quietLogger, workFolder } from '../../fixtures/engine/engineParts.ts';
import { acceptedAttempt, openLogStore, spooled } from '../../fixtures/log/logJob.ts';
import { openFilesBelow } from '../../fixtures/log/openFiles.ts';
import { bytesOf, itemsOf, rank1, seededOutput, stderr, stdout } from '../../fixtures/log/output.ts';
import { mountSmallDisk } from '../../fixtures/smallDisk.ts';

test('a full disk is said, interrupts the log, and nothing is lost or doubled when there is room again', async ({
  skip,
}) => {
  const work = workFolder();
  const logs = join(work.path, 'logs');
  const unmount = mountSmallDisk(logs, 1);
  if (unmount === undefined) {
    work.remove();
    skip('this user may mount no small disk');
    return;
  }
  const store = openLogStore(work.path);
  const key = acceptedAttempt(store, 'succeeded');
  const pieces = seededOutput(11, 900_000);
  const ballast = join(logs, 'ballast');
  writeFileSync(ballast, Buffer.alloc(600_000));
  const followers = new LogFollowers({
    store,
    root: work.path,
    clock: { ...systemClock, sleep: async (_ms, signal) => await systemClock.sleep(20, signal) },
    logger: quietLogger,
    connections: {
      open: async () => ({
        logs: async function* logs(_handle, cursor) {
          yield* itemsOf(pieces, cursor, () => 9_000);
        },
      }),
    },
  });
  try {
    followers.start();
    await vi.waitFor(
      () => {
        expect(store.logState(key).status).toBe('interrupted');
        expect(store.events(key.runId).map(({ text }) => text)).toContainEqual(
          expect.stringMatching(/^The disk is full: .*Free some space/u),
        );
      },
      { timeout: 20_000 },
    );
    expect(store.logState(key).streams.some(({ bytes }) => bytes > 0)).toBe(true);
    rmSync(ballast);
    await vi.waitFor(
      () => {
        expect(store.logState(key).status).toBe('complete');
      },
      { timeout: 20_000 },
    );
    for (const stream of [stdout, stderr, rank1]) {
      expect(spooled(work.path, key, stream).equals(bytesOf(pieces, stream))).toBe(true);
    }
  } finally {
    await followers.stop();
    store.dispose();
    unmount();
    work.remove();
  }
});

test('200 MB on one line take little memory, for the writer and for the reader', { timeout: 120_000 }, () => {
  const work = workFolder();
  const store = openLogStore(work.path);
  try {
    const key = acceptedAttempt(store);
    const script = fileURLToPath(new URL('../../fixtures/log/hugeLine.ts', import.meta.url));
    const output = execFileSync(process.execPath, [script, work.path, key.runId, '200'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { grown, characters, cutBytes }: Record<string, number> = JSON.parse(output.toString());
    expect(statSync(streamFile(attemptLogFolder(work.path, key), stdout)).size).toBe(200_000_001);
    expect({ characters, cutBytes }).toEqual({ characters: 10_000, cutBytes: 199_990_001 });
    expect(grown).toBeLessThan(100_000_000);
  } finally {
    store.dispose();
    work.remove();
  }
});

test('hundreds of streams of one attempt need only a few open files', async ({ skip }) => {
  if (process.platform !== 'linux') {
    skip('open files can only be counted on Linux');
  }
  const work = workFolder();
  const store = openLogStore(work.path);
  const key = acceptedAttempt(store);
  const folder = attemptLogFolder(work.path, key);
  const spool = await LogSpool.open({ key, folder, positions: store, clock: systemClock });
  try {
    let most = 0;
    for (let node = 0; node < 300; node += 1) {
      const bytes = Buffer.from(`rank ${node}\n`);
      await spool.append({
        kind: 'bytes',
        stream: { name: 'stdout', task: 0, node },
        bytes,
        time: null,
        cursor: `${node}` as LogCursor,
      });
      most = Math.max(most, openFilesBelow(folder).length);
    }
    await spool.settle('following');
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(33);
    expect(store.logState(key).streams).toHaveLength(300);
    expect(spooled(work.path, key, { name: 'stdout', task: 0, node: 299 }).toString()).toBe('rank 299\n');
  } finally {
    await spool.close();
    store.dispose();
    work.remove();
  }
});
