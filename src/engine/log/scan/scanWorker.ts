import { constants, setPriority } from 'node:os';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';

import type { PointSink } from '../../../core/metrics/metricPoint.ts';
import type { UserPattern } from '../../../core/metrics/userPattern.ts';
import { readArrivals } from '../blockReader.ts';
import { mostBytes } from '../bytes/byteScan.ts';
import { createByteScan } from '../bytes/createByteScan.ts';
import type { LogMark } from '../lineReplay.ts';
import { logStart, resumed } from '../lineReplay.ts';
import type { LogFilePaths } from '../logSource.ts';
import { RawLog } from '../rawLog.ts';
import { CsvFile } from './csvFile.ts';
import { filterScan, findScan } from './findScan.ts';
import { MarkScan } from './markScan.ts';
import { MetricScan } from './metricScan.ts';
import type { FromScan, LineGoal, ScanGoal, ToScan } from './scanMessages.ts';
import { readUnit, type ScanUnit, unitEnd } from './scanUnits.ts';
import { SeriesScan } from './seriesScan.ts';

/** Lines that are handed over at once, at most, and how long some wait for more, in ms. */
const batchLines = 100_000;
const batchEvery = 30;

/** Of one line more is not searched, in bytes. */
const longestSearched = 100 * 1024 * 1024;

/** Curves are told at most so often, in ms. */
const seriesEvery = 400;

/** Reads what lies between two marks, into `room` as long as there is some. What comes back looks at it. */
type Work = (raw: RawLog, from: LogMark, to: LogMark, room: Buffer) => Promise<() => Promise<void>>;

/** A failure at the end of a log that is silent for so long, in ms, is taken to be told to its end. */
const silence = 1_000;

/** Goes over a log on a thread of its own, then over what is added to it. */
class Scanner {
  readonly #send: (message: FromScan, transfer: ArrayBuffer[]) => void;
  readonly #raw: RawLog;
  readonly #bytes = createByteScan();
  #files: LogFilePaths = { streams: [], order: null };
  #work: Work | undefined;
  #flush: () => void = () => undefined;
  #finish: () => void = () => undefined;
  #silent: NodeJS.Timeout | undefined;
  #marks: LogMark[] = [logStart];
  #end: LogMark = logStart;
  /** Everything before was looked at. */
  #done: LogMark = logStart;
  /** Everything before was read or is being read. */
  #readTo: LogMark = logStart;
  #buffer: 0 | 1 = 0;
  #nextMark = 1;
  #nodes: readonly number[] = [];
  #busy = false;
  #restUntil = 0;

  constructor(send: (message: FromScan, transfer: ArrayBuffer[]) => void, files: LogFilePaths) {
    this.#send = send;
    this.#files = files;
    this.#raw = new RawLog((stream) => this.#files.streams[stream] ?? '', files.order);
  }

  begin(goal: ScanGoal): void {
    this.#work = this.#workOf(goal);
  }

  #workOf(goal: ScanGoal): Work {
    switch (goal.kind) {
      case 'marks':
        return this.#markWork();
      case 'series':
        return this.#seriesWork(goal.patterns);
      case 'csv':
        return this.#csvWork(goal);
      default:
        return this.#lineWork(goal);
    }
  }

  grow(message: Extract<ToScan, { readonly kind: 'marks' }>): void {
    this.#files = message.files;
    this.#nodes = message.nodes;
    this.#marks.push(...message.marks);
    this.#end = message.end;
    clearTimeout(this.#silent);
    if (!this.#busy) {
      this.#busy = true;
      void this.#run();
    }
  }

  /** For so long, in ms, nothing is looked at. */
  rest(ms: number): void {
    this.#restUntil = performance.now() + ms;
  }

  async #run(): Promise<void> {
    try {
      while (this.#readTo !== this.#end) {
        let next = this.#read();
        for (let read = await next; read !== undefined; read = await next) {
          // What comes next is read while this is looked at: the turn lets the system be asked for it.
          next = this.#read();
          next.catch(() => undefined);
          await turn();
          while (performance.now() < this.#restUntil) {
            await sleep(this.#restUntil - performance.now());
          }
          await read.look();
          this.#done = read.to;
        }
      }
      this.#flush();
      this.#send({ kind: 'caughtUp', scanned: this.#done.line }, []);
      this.#silent = setTimeout(() => {
        this.#finish();
      }, silence);
    } catch (error) {
      this.#send({ kind: 'problem', message: error instanceof Error ? error.message : String(error) }, []);
    } finally {
      this.#busy = false;
    }
  }

  /** What comes next; undefined when there is nothing as yet. */
  async #read(): Promise<{ readonly to: LogMark; readonly look: () => Promise<void> } | undefined> {
    const readTo = this.#readTo;
    if (readTo === this.#end || this.#work === undefined) {
      return undefined;
    }
    const from = resumed(readTo);
    const to = this.#next();
    this.#readTo = to;
    this.#buffer = this.#buffer === 0 ? 1 : 0;
    const look = await this.#work(this.#raw, from, to, this.#bytes.buffers[this.#buffer]);
    return {
      to,
      look: async () => {
        if (readTo.isAtRest === true) {
          this.#flush();
          this.#send({ kind: 'resumed', line: from.line }, []);
        }
        await look();
      },
    };
  }

  /** Some blocks further, or the end of the log. */
  #next(): LogMark {
    if (this.#nextMark >= this.#marks.length) {
      return this.#end;
    }
    const last = unitEnd(this.#marks, this.#nextMark - 1);
    const mark = this.#marks[Math.min(last, this.#marks.length - 1)] ?? this.#end;
    this.#nextMark = last + 1;
    return mark;
  }

  /** One node is no rank of its own. */
  #rankOf(stream: number): number | null {
    return new Set(this.#nodes).size > 1 ? (this.#nodes[stream] ?? null) : null;
  }

  #lineWork(goal: LineGoal): Work {
    const scan =
      goal.kind === 'find'
        ? findScan(goal.query, this.#bytes)
        : filterScan(goal.filter, this.#bytes, (stream) => this.#rankOf(stream));
    let lines: number[] = [];
    let sentAt = 0;
    this.#flush = (): void => {
      if (lines.length > 0) {
        const batch = Uint32Array.from(lines);
        lines = [];
        sentAt = performance.now();
        this.#send({ kind: 'lines', lines: batch, scanned: this.#done.line }, [batch.buffer]);
      }
    };
    let toldPartial = false;
    return inUnits(longestSearched, async (raw, unit) => {
      if (unit.isPartial && !toldPartial) {
        toldPartial = true;
        this.#send({ kind: 'partial' }, []);
      }
      for (const line of await scan(raw, unit)) {
        lines.push(line);
      }
      if (lines.length >= batchLines || performance.now() - sentAt >= batchEvery) {
        this.#flush();
      }
    });
  }

  #markWork(): Work {
    const scan = new MarkScan(this.#bytes);
    const none = { errors: new Uint32Array(), warnings: new Uint32Array() };
    this.#finish = (): void => {
      const { failures, ranks } = scan.end();
      if (failures.length > 0) {
        this.#send({ kind: 'marks', ...none, failures, ranks, scanned: this.#done.line }, []);
      }
    };
    return inUnits(mostBytes, async (raw, unit) => {
      const { errors, warnings, failures, ranks } = await scan.marks(raw, unit);
      if (errors.length > 0 || warnings.length > 0 || failures.length > 0 || unit.from.line === 0) {
        const message = { errors: Uint32Array.from(errors), warnings: Uint32Array.from(warnings), failures, ranks };
        this.#send({ kind: 'marks', ...message, scanned: unit.to.line }, []);
      }
    });
  }

  #seriesWork(patterns: readonly UserPattern[]): Work {
    const scan = new SeriesScan();
    let sentAt = performance.now();
    this.#flush = (): void => {
      sentAt = performance.now();
      const series = scan.take();
      const transfer = series.map(({ points }) => points.buffer);
      this.#send({ kind: 'series', series, refused: scan.refused, scanned: this.#done.line }, transfer);
    };
    return inArrivals(this.#metricScan(scan, patterns), async () => {
      if (performance.now() - sentAt >= seriesEvery) {
        this.#flush();
      }
      await Promise.resolve();
    });
  }

  #csvWork({ path, names, patterns }: Extract<ScanGoal, { readonly kind: 'csv' }>): Work {
    const file = new CsvFile(path, names);
    return inArrivals(this.#metricScan(file, patterns), async () => {
      await file.flush();
    });
  }

  #metricScan(sink: PointSink, patterns: readonly UserPattern[]): MetricScan {
    return new MetricScan(sink, patterns, (stream) => this.#rankOf(stream));
  }
}

/** Work on whole lines, on so many bytes of one line at most. */
function inUnits(longest: number, look: (raw: RawLog, unit: ScanUnit) => Promise<void>): Work {
  return async (raw, from, to, room) => {
    const unit = await readUnit(raw, from, to, room, longest);
    return async () => {
      await look(raw, unit);
    };
  };
}

/** Work on bytes as they arrived, of lines that are not complete too. */
function inArrivals(scan: MetricScan, looked: () => Promise<void>): Work {
  return async (raw, from, to, room) => {
    const block = await readArrivals(raw, from, await raw.between(from, to), room);
    return async () => {
      scan.look(from, block);
      await looked();
    };
  };
}

/** Whoever reads the log comes first. Elsewhere than on Linux this would be of the whole process and not of this thread alone. */
function stepBack(): void {
  if (process.platform === 'linux') {
    setPriority(constants.priority.PRIORITY_LOW);
  }
}

let scanner: Scanner | undefined;
parentPort?.on('message', (message: ToScan) => {
  try {
    if (message.kind === 'begin') {
      scanner = new Scanner((reply, transfer) => parentPort?.postMessage(reply, transfer), message.files);
      if (message.goal.kind === 'marks') {
        stepBack();
      }
      scanner.begin(message.goal);
    } else if (message.kind === 'rest') {
      scanner?.rest(message.ms);
    } else {
      scanner?.grow(message);
    }
  } catch (error) {
    const reply: FromScan = { kind: 'problem', message: error instanceof Error ? error.message : String(error) };
    parentPort?.postMessage(reply);
  }
});
