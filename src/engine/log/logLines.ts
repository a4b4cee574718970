import { lineLevel } from '../../core/failure/level.ts';
import type { LogRow } from '../../core/logRow.ts';
import { linesOf, readArrivals } from './blockReader.ts';
import { type LineSpan, type LogMark, streamStart, type TextSpan } from './lineReplay.ts';
import { allVersions, lineText, newestVersions, shownBytes } from './lineText.ts';
import { lastVersion } from './longLine.ts';
import type { LogIndex } from './logIndex.ts';
import type { LogSource } from './logSource.ts';
import { SpanList } from './spanList.ts';
import { explainUnread } from './unread.ts';

/** Blocks whose lines are remembered; each takes some 70 KB. */
const rememberedBlocks = 16;
/** Longer lines are not read whole, in bytes. */
const longLine = 256 * 1024;
/** Lines that lie closer together than this, in bytes, are read at once. */
const readTogether = 1024 * 1024;
/** Of one line more is never handed out, in bytes. */
const wholeLimit = 1024 * 1024;

/** The log was cut off or written anew while it was read: what was read is no part of it. It will be told as another generation. */
export class LogRewritten extends Error {
  constructor() {
    super('The log was written anew while it was read.');
  }
}

/** All versions of a line, each on a line of its own, up to 1 MB: of one that rewrote itself the newest, of others the beginning. */
export interface WholeText {
  readonly text: string;
  readonly cutBytes: number;
  readonly cutAt: 'start' | 'end';
}

/** Reads lines of a log by their number. Rejects with LogUnread or LogRewritten, or with the system's error. */
export class LogLines {
  readonly #source: LogSource;
  readonly #index: LogIndex;
  /** By the line and the end of the block; the least recently used first. */
  readonly #blocks = new Map<string, Promise<SpanList>>();
  #generation = 0;

  constructor(source: LogSource, index: LogIndex) {
    this.#source = source;
    this.#index = index;
  }

  clear(): void {
    this.#blocks.clear();
    this.#generation += 1;
  }

  /** What was read counts only if the files are as they were when they were indexed. */
  async #proven<T>(read: () => Promise<T>): Promise<T> {
    const generation = this.#generation;
    const { end, edges } = this.#index;
    try {
      const result = await read();
      if (!(await this.#source.holds(end, edges)) || generation !== this.#generation) {
        throw new LogRewritten();
      }
      return result;
    } catch (error) {
      throw explainUnread(error);
    }
  }

  /** Lines from `from` on, fewer where the log ends. */
  async rows(from: number, count: number): Promise<readonly LogRow[]> {
    return await this.#proven(async () => await this.#rows(from, count));
  }

  async #rows(from: number, count: number): Promise<readonly LogRow[]> {
    const rows: LogRow[] = [];
    let line = Math.max(0, from);
    const until = Math.min(line + count, this.#index.lines);
    while (line < until) {
      const block = this.#index.blockOf(line);
      const spans = block === undefined ? noSpans : await this.#spans(block.from, block.to);
      const first = block?.from.line ?? 0;
      const wanted = spans.slice(line - first, until - first);
      if (wanted.length === 0) {
        break;
      }
      rows.push(...(await this.#read(wanted, line)));
      line += wanted.length;
    }
    return rows;
  }

  /** Lines in any order; one that is not there is left out. */
  async rowsAt(lines: readonly number[]): Promise<readonly LogRow[]> {
    return await this.#proven(async () => {
      const rows: LogRow[] = [];
      for (let at = 0; at < lines.length;) {
        const first = lines[at] ?? 0;
        let count = 1;
        while (lines[at + count] === first + count) {
          count += 1;
        }
        rows.push(...(await this.#rows(first, count)));
        at += count;
      }
      return rows;
    });
  }

  /** The last lines after a mark whose own line is not known: they have no numbers. At most a few blocks are read. */
  async tail(from: LogMark, count: number): Promise<readonly LogRow[]> {
    const arrivals = await this.#source.arrivals(from);
    const spans = linesOf(from, await readArrivals(this.#source.raw, from, arrivals));
    return withoutNumbers(await this.#read(spans.slice(-count), 0));
  }

  /** The unfinished last line of a stream. */
  #unfinished(stream: number): TextSpan | null {
    const { streams, isAtRest } = this.#index.last;
    const { start, taken, time } = streams[stream] ?? streamStart;
    return isAtRest === true || taken <= start ? null : { kind: 'line', stream, start, end: taken, time };
  }

  /** The unfinished last line of each stream that has one; none while the log rests, as they are lines like others then. */
  async partial(): Promise<readonly LogRow[]> {
    const spans = this.#index.last.streams.flatMap((_, stream) => this.#unfinished(stream) ?? []);
    return withoutNumbers(await this.#proven(async () => await this.#read(spans, 0)));
  }

  /** The last version of a line as it is seen, all of it however long it is, in pieces; nothing when there is no such line. */
  async *text(line: number): AsyncIterable<string> {
    const span = await this.#proven(async () => await this.spanOf(line));
    if (span?.kind === 'line') {
      const { raw } = this.#source;
      yield* lastVersion(async (...stretch) => await this.#proven(async () => await raw.read(...stretch)), span);
    }
  }

  /** null when there is no such line. */
  async whole(line: number): Promise<WholeText | null> {
    return await this.#proven(async () => {
      const span = await this.spanOf(line);
      return span?.kind === 'line' ? await this.#whole(span) : null;
    });
  }

  /** The unfinished line of a stream, as far as it goes; null when there is none. */
  async wholeUnfinished(stream: number): Promise<WholeText | null> {
    return await this.#proven(async () => {
      const span = this.#unfinished(stream);
      return span === null ? null : await this.#whole(span);
    });
  }

  async #whole({ stream, start, end }: TextSpan): Promise<WholeText> {
    const { raw } = this.#source;
    const length = end - start;
    if (length > wholeLimit) {
      const newest = newestVersions(await raw.read(stream, end - wholeLimit, wholeLimit));
      if (newest !== null) {
        return { text: newest.text, cutBytes: length - wholeLimit + newest.cutBytes, cutAt: 'start' };
      }
    }
    const bytes = await raw.read(stream, start, Math.min(length, wholeLimit));
    const { text, cutBytes } = allVersions(bytes, wholeLimit);
    return { text, cutBytes: cutBytes + length - bytes.byteLength, cutAt: 'end' };
  }

  async spanOf(line: number): Promise<LineSpan | undefined> {
    const block = this.#index.blockOf(line);
    return block === undefined ? undefined : (await this.#spans(block.from, block.to)).at(line - block.from.line);
  }

  async #spans(from: LogMark, to: LogMark): Promise<SpanList> {
    const key = `${from.records} ${from.line} ${to.records} ${to.line}`;
    const known = this.#blocks.get(key);
    const spans = known ?? this.#replay(from, to);
    this.#blocks.delete(key);
    this.#blocks.set(key, spans);
    spans.catch(() => this.#blocks.delete(key));
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > rememberedBlocks && oldest !== undefined) {
      this.#blocks.delete(oldest);
    }
    return await spans;
  }

  async #replay(from: LogMark, to: LogMark): Promise<SpanList> {
    const { raw } = this.#source;
    return new SpanList(linesOf(from, await readArrivals(raw, from, await raw.between(from, to)), to.isAtRest));
  }

  async #read(spans: readonly LineSpan[], firstLine: number): Promise<readonly LogRow[]> {
    const windows = await this.#windows(spans);
    const apart = spans.filter((span) => span.kind === 'line').filter(({ stream }) => !windows.has(stream));
    const texts = new Map(await Promise.all(apart.map(async (span) => [span, await this.#text(span)] as const)));
    return spans.map((span, index) => {
      const line = firstLine + index;
      const { time } = span;
      if (span.kind === 'gap') {
        const { reason = '', cause } = this.#source.status.gaps[span.gap] ?? {};
        return { ...plain, line, time, gap: reason, ...(cause === undefined ? {} : { gapCause: cause }) };
      }
      const { text, cutBytes, rewrites } = texts.get(span) ?? textIn(windows.get(span.stream), span);
      return { line, stream: span.stream, time, text, cutBytes, rewrites, gap: null, level: lineLevel(text) };
    });
  }

  /** Of each stream the stretch that its lines lie in, unless that is too long. */
  async #windows(spans: readonly LineSpan[]): Promise<ReadonlyMap<number, Window>> {
    const stretches = new Map<number, { start: number; end: number }>();
    for (const span of spans) {
      if (span.kind === 'line') {
        const stretch = stretches.get(span.stream) ?? { start: span.start, end: span.end };
        stretches.set(span.stream, {
          start: Math.min(stretch.start, span.start),
          end: Math.max(stretch.end, span.end),
        });
      }
    }
    const windows = new Map<number, Window>();
    for (const [stream, { start, end }] of stretches) {
      if (end - start <= readTogether) {
        windows.set(stream, { start, bytes: await this.#source.raw.read(stream, start, end - start) });
      }
    }
    return windows;
  }

  /** Of a line that is not read together with others. */
  async #text({ stream, start, end }: TextSpan): Promise<ReturnType<typeof lineText>> {
    const { raw } = this.#source;
    if (end - start <= longLine) {
      return lineText(await raw.read(stream, start, end - start));
    }
    const last = lineText(await raw.read(stream, end - longLine, longLine));
    if (last.rewrites > 0) {
      return last;
    }
    const first = lineText(await raw.read(stream, start, shownBytes));
    return { ...first, cutBytes: Math.max(0, end - start - shownBytes) + first.cutBytes };
  }
}

interface Window {
  readonly start: number;
  readonly bytes: Uint8Array;
}

function textIn(window: Window | undefined, { start, end }: TextSpan): ReturnType<typeof lineText> {
  const from = window?.start ?? 0;
  return lineText(window?.bytes.subarray(start - from, end - from) ?? new Uint8Array());
}

const noSpans = new SpanList([]);
const plain = { stream: -1, text: '', cutBytes: 0, rewrites: 0, gap: null, level: null } as const;

function withoutNumbers(rows: readonly LogRow[]): readonly LogRow[] {
  return rows.map((row) => ({ ...row, line: -1 }));
}
