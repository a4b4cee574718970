import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { FileSource } from '../../src/engine/log/fileSource.ts';
import { OpenLog } from '../../src/engine/log/openLog.ts';
import type { ScanGoal } from '../../src/engine/log/scan/scanMessages.ts';
import { systemClock } from '../../src/engine/systemClock.ts';
import { writeBigLog } from '../fixtures/log/bigLog.ts';
import { ScanWatch, until } from '../fixtures/log/openedLog.ts';
import { bundleScanScript } from '../fixtures/log/scanScript.ts';
import { followed } from './logIngest.ts';
import { peerMs, ripgrep } from './logPeers.ts';
import { median } from './median.ts';
import { retainedBytes } from '../fixtures/retained.ts';

const lines = 10_000_000;
const rounds = 5;
/** Longer is not waited for a peer, in ms. */
const mostPeerMs = 60_000;
const literal = 'outlier-marker';
const pattern = String.raw`rank3\].*step=[0-9]+00 `;

/** Indexing, searching and following a log of ten million lines (1.2 GB), beside programs made for that. Times in ms. */
export async function benchLog(): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-bench-log-'));
  try {
    const path = join(folder, 'big.log');
    const { outliers } = await writeBigLog(path, { lines, seed: 1 });
    const script = await bundleScanScript(folder);
    return {
      ...(await indexed(path, script)),
      ...(await searched(path, script, outliers)),
      ...(await followed(folder, script)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A log that is read to its end. */
async function opened(path: string, script: string): Promise<OpenLog> {
  const log = new OpenLog(new FileSource(path), systemClock, script);
  void log.follow();
  await until(log, () => log.outline.counted);
  if (log.outline.lines !== lines) {
    throw new Error(`${log.outline.lines} of ${lines} lines were counted`);
  }
  return log;
}

async function indexed(path: string, script: string): Promise<Record<string, number>> {
  await peerMs('wc', ['-l', path]);
  const ours: number[] = [];
  const wc: number[] = [];
  const grown: number[] = [];
  const held: number[] = [];
  const atFirst = retainedBytes();
  for (let round = 0; round < rounds; round += 1) {
    wc.push((await peerMs('wc', ['-l', path])) ?? Number.NaN);
    const before = process.memoryUsage().rss;
    const started = performance.now();
    const log = await opened(path, script);
    ours.push(performance.now() - started);
    await timed(log, { kind: 'find', query: { text: pattern, isRegex: true, matchCase: true, wholeWord: false } });
    grown.push((process.memoryUsage().rss - before) / 1e6);
    held.push((retainedBytes() - atFirst) / 1e6);
    await log.close();
  }
  return present({
    'log.scan.ms': median(ours),
    'log.scan.ms.peer.wc': median(wc),
    'log.scan.ms.peer.less': await peerMs('less', ['-f', '-N', '+Gq', path], { most: mostPeerMs, terminal: true }),
    'log.scan.ms.peer.lnav': await peerMs('lnav', ['-n', '-q', '-c', ':goto 100%', path], { most: mostPeerMs }),
    'log.scan.vs.wc': median(ours) / median(wc),
    'log.host.rss.mb': Math.max(...grown),
    'log.host.retained.mb': Math.max(...held),
  });
}

async function searched(path: string, script: string, outliers: number): Promise<Record<string, number>> {
  const log = await opened(path, script);
  const literals: number[] = [];
  const regexes: number[] = [];
  const cancels: number[] = [];
  const marks: number[] = [];
  const rg: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const query = { text: literal, isRegex: false, matchCase: true, wholeWord: false };
    const { ms, found } = await timed(log, { kind: 'find', query });
    if (found !== outliers) {
      throw new Error(`${found} of ${outliers} lines were found`);
    }
    literals.push(ms);
    rg.push((await peerMs(ripgrep(), ['-c', literal, path])) ?? Number.NaN);
    const regex = { text: pattern, isRegex: true, matchCase: true, wholeWord: false };
    regexes.push((await timed(log, { kind: 'find', query: regex })).ms);
    cancels.push(await cancelled(log));
  }
  marks.push((await timed(log, { kind: 'marks' })).ms);
  await log.close();
  return present({
    'log.search.literal.ms': median(literals),
    'log.search.literal.ms.peer.rg': median(rg),
    'log.search.literal.ms.peer.grep': await peerMs('grep', ['-c', literal, path]),
    'log.search.literal.vs.rg': median(literals) / median(rg),
    'log.search.regex.ms': median(regexes),
    'log.search.regex.ms.peer.rg': await peerMs(ripgrep(), ['-c', pattern, path]),
    'log.search.regex.ms.peer.grep': await peerMs('grep', ['-cE', pattern, path]),
    'log.search.cancel.ms': Math.max(...cancels),
    'log.marks.ms': median(marks),
  });
}

async function timed(log: OpenLog, goal: ScanGoal): Promise<{ readonly ms: number; readonly found: number }> {
  const started = performance.now();
  const scan = new ScanWatch(log, goal);
  await scan.scanned(lines);
  const ms = performance.now() - started;
  scan.dispose();
  if (scan.problem !== undefined) {
    throw new Error(scan.problem);
  }
  return { ms, found: scan.lines.length };
}

/** How long a search that would never end takes to be gone. */
async function cancelled(log: OpenLog): Promise<number> {
  const trap = new ScanWatch(log, {
    kind: 'find',
    query: { text: String.raw`(?:.*,)*(?:\w+\s?)*=$`, isRegex: true, matchCase: true, wholeWord: false },
  });
  await systemClock.sleep(200, new AbortController().signal);
  const started = performance.now();
  await trap.ended();
  return performance.now() - started;
}

/** Without those that could not be measured, as their program is not installed. */
function present(figures: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([key, value]) =>
      value === undefined || Number.isNaN(value) ? [] : [[key, value]],
    ),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${JSON.stringify(await benchLog(), null, 2)}\n`);
}
