import { Emitter, type Event } from '../../core/event.ts';
import type { Clock } from '../../core/ports.ts';
import type { LogOutline, LogRow } from '../../core/logRow.ts';
import { explain } from '../errorNote.ts';
import { KeptIndex } from './keptIndex.ts';
import type { GapMark } from './lineReplay.ts';
import { LogIndex } from './logIndex.ts';
import { LogLines } from './logLines.ts';
import type { LogSource } from './logSource.ts';
import { rawBytes } from './rawBytes.ts';
import { LogScan } from './scan/logScan.ts';
import type { FromScan, ScanGoal } from './scan/scanMessages.ts';
import { explainUnread, LogUnread } from './unread.ts';

/** How often the files are looked at, in ms. */
const lookEvery = 25;
/** While much is to be indexed, the event loop is let go of at least so often, in ms, and readers are told of it. */
const tellEvery = 50;

/** A scan goes on until it is disposed of; `ended` resolves when its thread is gone. */
export interface RunningScan {
  dispose(): void;
  /** Lets others have the processor for so long, in ms. */
  rest(ms: number): void;
  readonly ended: Promise<void>;
}

/** A log that somebody looks at: counts its lines, follows it as it grows, and hands out what is asked for. */
export class OpenLog {
  readonly lines: LogLines;
  readonly #source: LogSource;
  readonly #clock: Clock;
  readonly #scanScript: string;
  readonly #index: LogIndex;
  readonly #kept: KeptIndex | null;
  readonly #changed = new Emitter<void>();
  readonly #scans = new Set<LogScan>();
  readonly #closing = new AbortController();
  #generation = 1;
  #counted = false;
  #following: Promise<void> | undefined;
  #problem: string | null = null;
  #nearEnd: readonly LogRow[] = [];

  /** `scanScript`: the bundle of scan/scanWorker.ts. `indexFile`: where the index is kept between one opening and the next. */
  constructor(source: LogSource, clock: Clock, scanScript: string, indexFile: string | null = null) {
    this.#source = source;
    this.#clock = clock;
    this.#scanScript = scanScript;
    this.#index = new LogIndex(source);
    this.#kept = indexFile === null ? null : new KeptIndex(indexFile, this.#index, source);
    this.lines = new LogLines(source, this.#index);
  }

  /** Something in the outline or at the end of the log changed. */
  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  get outline(): Omit<LogOutline, 'ranks'> {
    const { truth, gaps, startedAt, writtenAt } = this.#source.status;
    return {
      identity: this.#source.identity,
      generation: this.#generation,
      lines: this.#index.lines,
      counted: this.#counted,
      bytes: Math.max(this.#index.bytes, this.#source.bytes),
      truth,
      gaps,
      streams: this.#source.streams,
      startedAt,
      writtenAt,
      problem: this.#problem,
    };
  }

  /** Where something is missing among the lines that were counted so far, in order; told apart by their position in the outline. */
  get gaps(): readonly GapMark[] {
    return this.#index.gaps;
  }

  /** The newest lines, `count` at most. Without numbers as long as the lines before them are not counted. */
  async tail(count: number): Promise<{ readonly from: number | null; readonly rows: readonly LogRow[] }> {
    if (!this.#counted && this.#nearEnd.length > 0) {
      return { from: null, rows: this.#nearEnd.slice(-count) };
    }
    const from = Math.max(0, this.#index.lines - count);
    return { from, rows: await this.lines.rows(from, count) };
  }

  /** Begins to read, once. Never rejects: what goes wrong is told in the outline, and tried again. */
  async follow(): Promise<void> {
    this.#following ??= this.#lookAgainAndAgain();
    await this.#following;
  }

  async #lookAgainAndAgain(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const before = this.#standing;
      const moved = await this.#look().catch((error: unknown) => {
        this.#problem = explain(explainUnread(error)).reason;
        return false;
      });
      if (moved || before !== this.#standing) {
        this.#tell();
      }
      await this.#clock.sleep(lookEvery, signal).catch(() => undefined);
    }
    await this.#index.pause();
  }

  /** What of the outline may change although no bytes arrive. */
  get #standing(): string {
    const { truth, gaps } = this.#source.status;
    return `${truth} ${gaps.length} ${this.#problem}`;
  }

  async #look(): Promise<boolean> {
    const found = await this.#source.look(this.#index.end, this.#index.edges);
    this.#problem = null;
    if (found === 'void') {
      this.#forget();
      await this.#source.look(this.#index.end, this.#index.edges);
    }
    if (found === 'unchanged' && this.#counted) {
      return this.#index.rest(this.#source.status.isAtRest);
    }
    if (this.#index.end.records === 0 && !this.#counted) {
      await this.#kept?.restore();
    }
    if (this.#index.end.records === 0) {
      const mark = await this.#source.nearEnd();
      if (mark !== null) {
        this.#nearEnd = await this.lines.tail(mark, 200);
        this.#tell();
      }
    }
    let told = performance.now();
    while (!this.#closing.signal.aborted && (await this.#index.advance())) {
      if (performance.now() - told > tellEvery) {
        told = performance.now();
        this.#tell();
      }
    }
    this.#index.rest(this.#source.status.isAtRest);
    this.#counted = true;
    this.#nearEnd = [];
    await this.#kept?.save();
    return true;
  }

  #forget(): void {
    this.#generation += 1;
    this.#counted = false;
    this.#index.clear();
    this.#kept?.forget();
    this.lines.clear();
    for (const scan of this.#scans) {
      scan.dispose();
    }
    this.#scans.clear();
  }

  #tell(): void {
    for (const scan of this.#scans) {
      scan.grow();
    }
    this.#changed.fire();
  }

  /** Looks through all lines, then through those that are added, until it is disposed of or the generation changes. */
  scan(goal: ScanGoal, receive: (message: FromScan) => void): RunningScan {
    const scan = new LogScan(this.#scanScript, this.#source, this.#index, goal, receive);
    this.#scans.add(scan);
    return {
      dispose: () => {
        this.#scans.delete(scan);
        scan.dispose();
      },
      rest: (ms) => {
        scan.rest(ms);
      },
      ended: scan.ended,
    };
  }

  /** What was printed so far, see `rawBytes`. Rejects with LogUnread, and when the log is written anew meanwhile. */
  async *bytes(): AsyncIterable<Uint8Array> {
    const generation = this.#generation;
    const known = this.#index.bytes;
    let bytes = 0;
    try {
      for await (const piece of rawBytes(this.#source)) {
        if (generation !== this.#generation) {
          throw new Error('The log was written anew meanwhile.');
        }
        bytes += piece.byteLength;
        yield piece;
      }
      // What is open still can be read when it is gone from its folder; what is not looks empty.
      if (bytes < known || (bytes === 0 && this.#problem !== null)) {
        throw new LogUnread(this.#problem ?? `${known - bytes} bytes of the log are gone.`);
      }
    } catch (error) {
      throw explainUnread(error);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException('closed', 'AbortError'));
    for (const scan of this.#scans) {
      scan.dispose();
    }
    this.#scans.clear();
    this.#changed.dispose();
    await this.#source.close();
  }
}
