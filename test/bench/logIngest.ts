import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { LogCursor } from '../../src/core/logChunk.ts';
import { AttemptSource } from '../../src/engine/log/attemptSource.ts';
import { FileSource } from '../../src/engine/log/fileSource.ts';
import { OpenLog } from '../../src/engine/log/openLog.ts';
import { attemptLogFolder } from '../../src/engine/logFolder.ts';
import { LogSpool } from '../../src/engine/logSpool.ts';
import { systemClock } from '../../src/engine/systemClock.ts';
import { acceptedAttempt, openLogStore } from '../fixtures/log/logJob.ts';
import { until } from '../fixtures/log/openedLog.ts';
import { stderr, stdout } from '../fixtures/log/output.ts';

const writer = join(import.meta.dirname, '..', 'fixtures', 'log', 'writeSteadily.ts');
const seconds = 8;
const spooledLines = 4_000_000;
const chunkLines = 500;
const line =
  'epoch 3 step 12345 | loss 0.4821 | lr 3.0e-4 | 812 samples/s | mem 61.2 GiB | grad norm 1.043 | eta 01:22:07 | rank 3\n';

/** Lines a second that are followed, from a file and through the spool; what following 100,000 a second costs this process. */
export async function followed(folder: string, script: string): Promise<Record<string, number>> {
  const fast = await file(join(folder, 'fast.log'), script, 0);
  const steady = await file(join(folder, 'steady.log'), script, 100_000);
  return {
    'log.ingest.lines.per.s': fast.linesPerSecond,
    'log.ingest.spool.lines.per.s': await spooled(folder, script),
    'log.ingest100k.host.cpu.percent': steady.cpuPercent,
    'log.ingest100k.loop.max.ms': steady.loopMaxMs,
  };
}

interface Followed {
  readonly linesPerSecond: number;
  readonly cpuPercent: number;
  readonly loopMaxMs: number;
}

/** A file that another process writes. */
async function file(path: string, script: string, rate: number): Promise<Followed> {
  await writeFile(path, '');
  const log = new OpenLog(new FileSource(path), systemClock, script);
  void log.follow();
  await until(log, () => log.outline.counted);
  const child = spawn(process.execPath, ['--no-warnings', writer, path, String(rate), String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (data: Buffer) => {
    printed += data.toString();
  });
  const exit = once(child, 'exit');
  await until(log, () => log.outline.lines > 0);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const cpu = process.cpuUsage();
  const started = performance.now();
  await exit;
  const used = process.cpuUsage(cpu);
  const watched = (performance.now() - started) / 1000;
  delay.disable();
  await until(log, () => log.outline.lines === Number(printed));
  const all = (performance.now() - started) / 1000;
  await log.close();
  return {
    linesPerSecond: Number(printed) / all,
    cpuPercent: (used.user + used.system) / 1e4 / watched,
    loopMaxMs: delay.max / 1e6,
  };
}

/** Through the spool of a job in this process, with the log open beside it. */
async function spooled(folder: string, script: string): Promise<number> {
  const root = join(folder, 'spool');
  const store = openLogStore(root);
  const key = acceptedAttempt(store, 'succeeded');
  const logFolder = attemptLogFolder(root, key);
  const source = new AttemptSource({
    key,
    folder: logFolder,
    records: store,
    clock: systemClock,
    startedAt: () => null,
  });
  const log = new OpenLog(source, systemClock, script);
  void log.follow();
  const spool = await LogSpool.open({ key, folder: logFolder, positions: store, clock: systemClock });
  const bytes = Buffer.from(line.repeat(chunkLines));
  const started = performance.now();
  for (let written = 0; written < spooledLines; written += chunkLines) {
    const stream = written % (10 * chunkLines) === 0 ? stderr : stdout;
    await spool.append({ kind: 'bytes', stream, bytes, time: null, cursor: String(written) as LogCursor });
  }
  await spool.settle('complete');
  await until(log, () => log.outline.lines === spooledLines);
  const linesPerSecond = (spooledLines * 1000) / (performance.now() - started);
  await spool.close();
  await log.close();
  store.dispose();
  return linesPerSecond;
}
