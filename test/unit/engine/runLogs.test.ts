import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, expect, test } from 'vitest';

import { Emitter } from '../../../src/core/event.ts';
import type { AttemptKey } from '../../../src/core/job.ts';
import type { LogCursor } from '../../../src/core/logChunk.ts';
import type { OpenLog } from '../../../src/engine/log/openLog.ts';
import { savedIndexFile } from '../../../src/engine/log/savedIndex.ts';
import { attemptLogFolder } from '../../../src/engine/logFolder.ts';
import { LogSpool } from '../../../src/engine/logSpool.ts';
import { RunLogs, type RunLogsDeps } from '../../../src/engine/runLogs.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';
import { scriptedAbilities } from '../../emulators/scripted/request.ts';
import { connectionId, newRunId, openParts, workFolder } from '../../fixtures/engine/engineParts.ts';
import { acceptedAttempt } from '../../fixtures/log/logJob.ts';
import { numberedLines, numberOf } from '../../fixtures/log/numberedLines.ts';
import { until } from '../../fixtures/log/openedLog.ts';

const work = workFolder();
const parts = openParts({ folder: work.path, clock: systemClock, session: 'logs', connections: new Map() });
const known = new Set(['a']);
const connectionsChanged = new Emitter<void>();
const connections: RunLogsDeps['connections'] = {
  onDidChange: connectionsChanged.event,
  list: () =>
    [...known].map((id) => ({
      id: connectionId(id),
      providerId: 'scripted',
      label: `Cloud ${id}`,
      abilities: scriptedAbilities,
    })),
};
const logs = new RunLogs({ root: work.path, clock: systemClock, store: parts.store, connections });
const cache = join(work.path, 'cache');
/** More than is read in a blink. */
const lines = 500_000;

afterAll(() => {
  parts.store.dispose();
  work.remove();
});

async function counted(log: OpenLog): Promise<OpenLog> {
  void log.follow();
  await until(log, () => log.outline.counted);
  return log;
}

test('the index of a large file is kept, and used when it is opened again', async () => {
  const path = join(work.path, 'large.log');
  writeFileSync(path, numberedLines(0, lines));
  await (await counted(logs.openFile(path, ''))).close();
  const file = savedIndexFile(cache, path);
  expect(existsSync(file)).toBe(true);
  // A mark that leads elsewhere shows that it is taken from there.
  const saved = JSON.parse(readFileSync(file, 'utf8'));
  saved.end[0] = lines - 1;
  writeFileSync(file, JSON.stringify(saved));
  const again = await counted(logs.openFile(path, ''));
  expect(again.outline.lines).toBe(lines - 1);
  await again.close();
});

test('a file that was rewritten is read anew', async () => {
  const path = join(work.path, 'rewritten.log');
  writeFileSync(path, numberedLines(0, lines));
  await (await counted(logs.openFile(path, ''))).close();
  writeFileSync(path, numberedLines(7, lines + 7));
  const again = await counted(logs.openFile(path, ''));
  expect((await again.lines.rows(lines - 1, 1)).map(({ text }) => numberOf(text))).toEqual([lines + 6]);
  await again.close();
});

test('two viewers of a log keep one index between them', async () => {
  const path = join(work.path, 'twice.log');
  writeFileSync(path, numberedLines(0, lines));
  const both = await Promise.all([counted(logs.openFile(path, '')), counted(logs.openFile(path, ''))]);
  await Promise.all(both.map(async (log) => await log.close()));
  expect(readdirSync(join(cache, 'logIndexes')).filter((name) => name.endsWith('.new'))).toEqual([]);
  expect(existsSync(savedIndexFile(cache, path))).toBe(true);
});

test('indexes that nobody used for a month are removed', async () => {
  const folder = join(cache, 'logIndexes');
  mkdirSync(folder, { recursive: true });
  const monthAgo = Date.now() / 1000 - 31 * 24 * 3_600;
  writeFileSync(join(folder, 'old.json'), '{}');
  utimesSync(join(folder, 'old.json'), monthAgo, monthAgo);
  writeFileSync(join(folder, 'new.json'), '{}');
  const path = join(work.path, 'small.log');
  writeFileSync(path, 'one\n');
  await (await counted(logs.openFile(path, ''))).close();
  await expect.poll(() => existsSync(join(folder, 'old.json'))).toBe(false);
  expect(existsSync(join(folder, 'new.json'))).toBe(true);
});

async function spoolOf(key: AttemptKey) {
  const folder = attemptLogFolder(work.path, key);
  const spool = await LogSpool.open({ key, folder, positions: parts.store, clock: systemClock });
  const append = async (text: string, cursor: string): Promise<void> => {
    const stream = { name: 'stdout', task: 0, node: 0 };
    await spool.append({ kind: 'bytes', stream, bytes: Buffer.from(text), time: null, cursor: cursor as LogCursor });
  };
  return { spool, append };
}

test('what went wrong is read once all of the log is there, not while it is interrupted', async () => {
  const key = acceptedAttempt(parts.store, 'failed');
  const { spool, append } = await spoolOf(key);
  await append('Traceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: tried again\n', 'a');
  await spool.settle('interrupted');
  let read: readonly string[] | undefined;
  const reading = logs.failures(key.runId, new AbortController().signal).then((failures) => {
    read = failures.map(({ type }) => type);
  });
  await sleep(1_200);
  expect(read).toBeUndefined();
  await append('Traceback (most recent call last):\n  File "a.py", line 2, in g\nRuntimeError: the end\n', 'b');
  await spool.settle('complete');
  await spool.close();
  parts.store.logChanged(key.runId);
  await reading;
  expect(read).toEqual(['KeyError', 'RuntimeError']);
});

test('of a log whose connection was removed, what is there is read', async () => {
  const key = acceptedAttempt(parts.store, 'failed');
  const { spool, append } = await spoolOf(key);
  await append('Traceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: so far\n', 'a');
  await spool.settle('interrupted');
  await spool.close();
  const reading = logs.failures(key.runId, new AbortController().signal);
  known.delete('a');
  connectionsChanged.fire();
  expect((await reading).map(({ type }) => type)).toEqual(['KeyError']);
  expect(await logs.failures(key.runId, new AbortController().signal)).toHaveLength(1);
  known.add('a');
});

test('a wait for the rest of a log ends with whoever waits', async () => {
  const key = acceptedAttempt(parts.store, 'failed');
  const closing = new AbortController();
  const reading = logs.failures(key.runId, closing.signal);
  closing.abort(new Error('closed'));
  await expect(reading).rejects.toThrow('closed');
});

test('a run that never began has no log', async () => {
  const { signal } = new AbortController();
  const runId = newRunId();
  expect(logs.open(runId, '')).toBeUndefined();
  expect(await logs.failures(runId, signal)).toEqual([]);
  expect(await logs.curve(runId, [], signal)).toBeNull();
});
