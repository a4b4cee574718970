import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LogRow } from '../../../../src/core/logRow.ts';
import { AttemptSource } from '../../../../src/engine/log/attemptSource.ts';
import { FileSource } from '../../../../src/engine/log/fileSource.ts';
import { LogRewritten } from '../../../../src/engine/log/logLines.ts';
import { OpenLog } from '../../../../src/engine/log/openLog.ts';
import { attemptLogFolder } from '../../../../src/engine/logFolder.ts';
import { systemClock } from '../../../../src/engine/systemClock.ts';
import { workFolder } from '../../../fixtures/engine/engineParts.ts';
import { streams } from '../../../fixtures/log/arrivedLog.ts';
import { acceptedAttempt, openLogStore, spooled } from '../../../fixtures/log/logJob.ts';
import { numberedLines, numberOf, streamOfLine } from '../../../fixtures/log/numberedLines.ts';
import { ScanWatch, until } from '../../../fixtures/log/openedLog.ts';
import { bundleScanScript } from '../../../fixtures/log/scanScript.ts';

/** As many as a long job prints: takes about a minute, of which a tenth would do for a first look (`ALOFT_FAULT_LINES=1000000`). */
const lines = Number(process.env['ALOFT_FAULT_LINES'] ?? 10_000_000);
const spoolScript = fileURLToPath(new URL('../../../fixtures/log/spoolNumbered.ts', import.meta.url));

let work = workFolder();
let script = '';

beforeEach(async () => {
  work = workFolder();
  script = await bundleScanScript(work.path);
});

afterEach(() => {
  work.remove();
});

/** That lines that stand together in the log, of whatever streams, are each right and in the order of their stream; resolves to how many. */
async function expectRight(log: OpenLog, from: number, count: number): Promise<number> {
  const rows = await ifNotRewritten(log.lines.rows(from, count));
  const last = streams.map(() => -1);
  for (const { text, stream } of rows) {
    const number = numberOf(text);
    expect(streamOfLine(number)).toBe(stream);
    expect(number).toBeGreaterThan(last[stream] ?? Infinity);
    last[stream] = number;
  }
  return rows.length;
}

/** Nothing of a log that was rewritten meanwhile. */
async function ifNotRewritten(rows: Promise<readonly LogRow[]>): Promise<readonly LogRow[]> {
  return await rows.catch((error: unknown) => {
    if (error instanceof LogRewritten) {
      return [];
    }
    throw error;
  });
}

test(
  `of ${lines} lines that are spooled through deaths and dropped connections none is lost, none doubled, each shown right`,
  { timeout: 900_000 },
  async () => {
    const store = openLogStore(work.path);
    const key = acceptedAttempt(store, 'succeeded');
    const folder = attemptLogFolder(work.path, key);
    const source = new AttemptSource({ key, folder, records: store, clock: systemClock, startedAt: () => null });
    const log = new OpenLog(source, systemClock, script);
    const following = log.follow();
    const looks: Promise<number>[] = [];
    const looking = setInterval(() => {
      const { lines: counted } = log.outline;
      looks.push(expectRight(log, Math.floor(Math.random() * counted), 50), expectRight(log, counted - 50, 50));
    }, 1);
    for (let deaths = 0; ; deaths += 1) {
      const child = spawn(process.execPath, [spoolScript, work.path, key.runId, String(lines)], { stdio: 'ignore' });
      const exit = once(child, 'exit');
      const before = store.logState(key).orderBytes;
      if (deaths < 8) {
        while (store.logState(key).orderBytes === before && child.exitCode === null) {
          await sleep(5);
        }
        await sleep(Math.random() * 150);
        child.kill('SIGKILL');
      }
      const [code] = await exit;
      if (code === 0) {
        break;
      }
    }
    await until(log, () => log.outline.counted && log.outline.lines === lines && log.outline.truth === 'complete');
    clearInterval(looking);
    expect((await Promise.all(looks)).reduce((sum, rows) => sum + rows, 0)).toBeGreaterThan(1_000);
    const seen = new Uint8Array(lines);
    const last = streams.map(() => -1);
    let disordered = 0;
    for (let from = 0; from < lines; from += 5_000) {
      for (const { text, stream } of await log.lines.rows(from, 5_000)) {
        const number = numberOf(text);
        seen[number] = (seen[number] ?? 0) + 1;
        disordered += number > (last[stream] ?? Infinity) ? 0 : 1;
        last[stream] = number;
      }
    }
    expect(disordered).toBe(0);
    expect(seen.every((times) => times === 1)).toBe(true);
    const scan = new ScanWatch(log, {
      kind: 'find',
      query: { text: '7 of', isRegex: false, matchCase: true, wholeWord: false },
    });
    await scan.scanned(lines);
    expect(scan.lines).toHaveLength(Math.floor((lines + 2) / 10));
    for (const [position, stream] of streams.entries()) {
      const held = spooled(work.path, key, stream);
      let at = 0;
      for (let from = 0; from < lines; from += 500) {
        if (streamOfLine(from) === position) {
          const wanted = numberedLines(from, Math.min(lines, from + 500));
          expect(held.subarray(at, at + wanted.byteLength).equals(wanted)).toBe(true);
          at += wanted.byteLength;
        }
      }
      expect(held.byteLength).toBe(at);
    }
    await log.close();
    await following;
    store.dispose();
  },
);

test(
  'a file that is rotated and cut off again and again is shown as it is each time',
  { timeout: 120_000 },
  async () => {
    const path = join(work.path, 'rotated.log');
    writeFileSync(path, '');
    const log = new OpenLog(new FileSource(path), systemClock, script);
    const following = log.follow();
    let first = 0;
    for (let round = 0; round < 12; round += 1) {
      const { generation } = log.outline;
      const end = first + 1 + Math.floor(Math.random() * 20_000);
      const bytes = numberedLines(first, end);
      const cut = Math.floor(Math.random() * bytes.byteLength);
      if (round % 2 === 0) {
        renameSync(path, `${path}.${round}`);
      }
      writeFileSync(path, bytes.subarray(0, cut));
      await sleep(Math.random() * 40);
      appendFileSync(path, bytes.subarray(cut));
      const isNow = async (): Promise<boolean> => {
        const rows = await ifNotRewritten(log.lines.rows(0, 1));
        return numberOf(rows[0]?.text ?? '') === first;
      };
      while (!(log.outline.lines === end - first && (await isNow()))) {
        await sleep(5);
      }
      expect(round === 0 || log.outline.generation > generation).toBe(true);
      const rows = await log.lines.rows(0, end - first);
      expect(rows.every(({ text }, index) => numberOf(text) === first + index)).toBe(true);
      first = end;
    }
    await log.close();
    await following;
  },
);
