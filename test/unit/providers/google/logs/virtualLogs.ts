import type { EpochMs } from '../../../../../src/core/job.ts';
import { type LogCursor, type LogItem, streamText } from '../../../../../src/core/logChunk.ts';
import type { FollowedJob } from '../../../../../src/providers/google/logs/jobLog.ts';
import { LogFeed } from '../../../../../src/providers/google/logs/logFeed.ts';
import type { LogPage, LogSource, TailAnswer } from '../../../../../src/providers/google/logs/logSource.ts';
import { apiError } from '../../../../../src/providers/google/client/apiError.ts';
import { LogStore } from '../../../../emulators/google/logging/logStore.ts';
import { LoggingService } from '../../../../emulators/google/logging/loggingService.ts';
import { CloudClock } from '../../../../emulators/google/time.ts';
import { ManualClock } from '../../../../fixtures/engine/manualClock.ts';

const project = { id: 'lab-project', number: '314', name: 'Lab', regions: ['us-central1'] };

/** Cloud Logging without a network, in a time that the test moves. */
export class VirtualLogs implements LogSource {
  readonly clock = new ManualClock();
  readonly cloud = new CloudClock(() => this.clock.now());
  readonly store = new LogStore(this.cloud, project.id);
  readonly service = new LoggingService(this.store, project, this.cloud);
  readonly ended = new Map<string, EpochMs | null>();
  /** Nobody answers how jobs are. */
  endsHang = false;
  /** The most entries of one page. */
  pageSize = 1000;
  /** When entries were asked for, in ms of virtual time. */
  readonly lists: number[] = [];
  readonly filters: string[] = [];
  /** What the next requests fail with. */
  readonly failures: Error[] = [];
  /** What a tail session sends; null ends it with an error. */
  tailOpened = 0;
  #tailed: Promise<TailAnswer | Error> | null = null;
  #send: ((answer: TailAnswer | Error) => void) | null = null;
  hasTail = false;

  feed(): LogFeed {
    return new LogFeed({
      source: this,
      clock: this.clock,
      endedJobs: async (ids) =>
        this.endsHang
          ? new Promise(() => undefined)
          : new Map(
              [...this.ended]
                .filter(([id]) => ids.includes(id))
                .map(([id, endedAt]) => [id, endedAt === null ? null : this.clock.now() - endedAt]),
            ),
    });
  }

  async list(filter: string, pageToken: string): Promise<LogPage> {
    this.lists.push(this.clock.now());
    this.filters.push(filter);
    const failure = this.failures.shift();
    if (failure !== undefined) {
      throw failure;
    }
    const { ListLogEntries } = this.service.handlers;
    const request = {
      resourceNames: [`projects/${project.id}`],
      filter,
      orderBy: 'timestamp asc',
      pageSize: this.pageSize,
      pageToken,
    };
    if (ListLogEntries?.kind !== 'unary') {
      throw new Error('There is no list.');
    }
    try {
      return (await ListLogEntries.handle(request)) as LogPage;
    } catch (error) {
      throw apiError(grpcError(error), project.id);
    }
  }

  async *tail(_filter: string, signal: AbortSignal): AsyncGenerator<TailAnswer, void> {
    if (!this.hasTail) {
      throw apiError(Object.assign(new Error('too many tail sessions'), { code: 8 }), project.id);
    }
    this.tailOpened += 1;
    while (!signal.aborted) {
      const next = Promise.withResolvers<TailAnswer | Error>();
      this.#tailed = next.promise;
      this.#send = next.resolve;
      signal.addEventListener('abort', () => next.resolve(new Error('closed')), { once: true });
      const answer = await this.#tailed;
      if (answer instanceof Error) {
        throw answer;
      }
      yield answer;
    }
  }

  /** Sends something through the tail session, or ends it. */
  send(answer: TailAnswer | Error): void {
    this.#send?.(answer);
  }

  print(jobId: string, message: string, severity = 'INFO', taskName = 'workerpool0-0'): void {
    this.store.add({ jobId, taskName, severity, message });
  }

  get lastEntry(): object {
    return this.store.entries.at(-1)?.entry ?? {};
  }

  requestsIn(from: number, to: number): number {
    return this.lists.filter((at) => at >= from && at < to).length;
  }
}

function grpcError(error: unknown): unknown {
  return error instanceof Error && 'grpcCode' in error ? Object.assign(error, { code: error.grpcCode }) : error;
}

const young = { since: 1_700_000_000_000, now: 1_700_000_000_000 };

/** Somebody who reads a log as it comes. */
export class Reader {
  readonly items: LogItem[] = [];
  outcome: unknown = 'open';
  readonly #stop = new AbortController();

  constructor(
    feed: LogFeed,
    id: string,
    cursor: LogCursor | null = null,
    times: Pick<FollowedJob, 'since' | 'now'> = young,
  ) {
    void this.#read(feed, { id, ...times }, cursor);
  }

  async #read(feed: LogFeed, job: FollowedJob, cursor: LogCursor | null): Promise<void> {
    try {
      for await (const item of feed.read(job, cursor, this.#stop.signal)) {
        this.items.push(item);
      }
      this.outcome = 'ended';
    } catch (error) {
      this.outcome = error;
    }
  }

  get lines(): readonly string[] {
    return linesOf(this.items);
  }

  get cursor(): LogCursor | null {
    return this.items.at(-1)?.cursor ?? null;
  }

  stop(): void {
    this.#stop.abort(new Error('stopped by the test'));
  }
}

/** Each line with its stream before it; gaps as `gap: <reason>`, with their cause behind it if they have one. Without marks of late lines. */
export function linesOf(items: readonly LogItem[]): readonly string[] {
  const told = items.filter((item) => item.kind === 'bytes' || item.cause !== 'late');
  return told.flatMap((item) =>
    item.kind === 'gap'
      ? [`gap: ${item.reason}${item.cause === undefined ? '' : ` (${item.cause})`}`]
      : Buffer.from(item.bytes)
          .toString()
          .replace(/\n$/u, '')
          .split('\n')
          .map((line) => `${streamText(item.stream)}: ${line}`),
  );
}
