import type { LogCursor, LogItem } from '../../../core/logChunk.ts';
import type { Clock } from '../../../core/ports.ts';
import type { Handle } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { endedByItself } from '../observe/ending.ts';
import { pausesAfterEnd, quietFor, stillGrowsFor } from './lastLooks.ts';
import type { JobStates, SeenState } from './jobStates.ts';
import { type LogFile, logsAmong, SignedUrls } from './logFiles.ts';
import { decodePosition, encodePosition, type FilePosition } from './position.ts';
import { type FileRead, mostAtOnce, readFile } from './readFile.ts';
import type { RunLooks } from './runLooks.ts';

export interface LogSource {
  readonly states: JobStates;
  readonly looks: RunLooks;
  readonly clock: Clock;
}

/** All in ms. Between two looks at files: soon after something came, then ever later. */
const pauses = { first: 500, factor: 1.5, longest: 8000 } as const;
/** How old the list of files may be while a job runs: other ranks begin later, and it costs a call for each job. */
const listServes = { first: 3000, usual: 60_000 } as const;
const firstFor = 30_000;
/** How old the state of a job may be, however much it prints: all jobs are asked about at once. */
const stateServes = 5000;

/** Azure's own logs say what takes so long. */
const preparesLongAfter = 120_000;

const beganAnew =
  'the machine was taken away and the job began anew, and so did its log; what had not been read by then is gone';

/**
 * The log of a job from the cursor on: what every rank printed, the log of the build of its image, and Azure's own logs when it takes
 * long to be prepared, or failed otherwise than by a program that has printed something. Goes on until the job has ended and nothing more comes.
 */
export async function* followLog(
  handle: Handle,
  cursor: LogCursor | null,
  source: LogSource,
  signal: AbortSignal,
): AsyncGenerator<LogItem, void> {
  const release = source.states.follow(handle);
  try {
    yield* new Follower(handle, cursor, source, signal).run();
  } finally {
    release();
    source.looks.forget(handle.id);
  }
}

class Follower {
  readonly #handle: Handle;
  readonly #source: LogSource;
  readonly #signal: AbortSignal;
  readonly #position: Map<string, FilePosition>;
  #pause: number = pauses.first;
  #state: SeenState | null = null;
  #changedAt: number;
  /** The last look brought less than there was. */
  #isBehind = false;

  constructor(handle: Handle, cursor: LogCursor | null, source: LogSource, signal: AbortSignal) {
    this.#handle = handle;
    this.#source = source;
    this.#signal = signal;
    this.#position = decodePosition(cursor);
    this.#changedAt = source.clock.now();
  }

  async *run(): AsyncGenerator<LogItem, void> {
    const { states, clock } = this.#source;
    for (;;) {
      const last = this.#state;
      const mostAge = last === null ? 0 : stateServes;
      const state = await states.state(this.#handle, mostAge, this.#signal);
      if (state === 'gone') {
        throw gone(this.#handle);
      }
      if (hasEnded(state)) {
        yield* this.#finish();
        return;
      }
      const hasChanged = state !== last;
      // What was printed last goes with the machine that is taken away.
      const reads = mayPrint(state) || (last !== null && mayPrint(last));
      this.#state = state;
      if (hasChanged) {
        this.#changedAt = clock.now();
      }
      const hasMoved = reads ? yield* this.#pass(hasChanged ? 0 : this.#listAge()) : false;
      this.#pause = hasMoved || hasChanged ? pauses.first : Math.min(pauses.longest, this.#pause * pauses.factor);
      if (!this.#isBehind) {
        await clock.sleep(this.#pause, this.#signal);
      }
    }
  }

  /** The last looks, once the job has ended. */
  async *#finish(): AsyncGenerator<LogItem, void> {
    const { clock, looks } = this.#source;
    yield* this.#untilQuiet();
    if (looks.isSettled(this.#handle.id)) {
      return;
    }
    const { details } = await looks.look(this.#handle.id, listServes.usual, this.#signal);
    const pauses = pausesAfterEnd();
    for (let left = stillGrowsFor(details); left > 0;) {
      const ms = Math.min(left, pauses.next().value);
      await clock.sleep(ms, this.#signal);
      left = (yield* this.#untilQuiet()) ? Math.max(left - ms, quietFor) : left - ms;
    }
    looks.settle(this.#handle.id);
  }

  /** True when there was something. */
  async *#untilQuiet(): AsyncGenerator<LogItem, boolean> {
    let hasMoved = false;
    while (yield* this.#pass(hasMoved ? listServes.usual : 0)) {
      hasMoved = true;
    }
    return hasMoved;
  }

  #listAge(): number {
    return this.#source.clock.now() - this.#changedAt < firstFor ? listServes.first : listServes.usual;
  }

  /** Reads what is new in each file, a piece at most; true when there was something. */
  async *#pass(listAge: number): AsyncGenerator<LogItem, boolean> {
    const { details } = await this.#source.looks.look(this.#handle.id, listAge, this.#signal);
    const urls = new SignedUrls(details?.logFiles ?? {}, async () => {
      const renewed = await this.#source.looks.look(this.#handle.id, 0, this.#signal);
      return renewed.details?.logFiles ?? {};
    });
    const files = logsAmong(urls.paths);
    let hasMoved = false;
    this.#isBehind = false;
    for (const file of files.filter(({ kind }) => kind !== 'system')) {
      hasMoved = (yield* this.#read(file, urls)) || hasMoved;
    }
    const hasPrinted = files.some(({ kind, path }) => kind === 'user' && (this.#position.get(path)?.offset ?? 0) > 0);
    const isExplained = hasPrinted && endedByItself(details);
    const needsSystem = (details?.status === 'Failed' && !isExplained) || this.#preparesLong();
    for (const file of files.filter(({ kind }) => kind === 'system')) {
      if (needsSystem || this.#position.has(file.path)) {
        hasMoved = (yield* this.#read(file, urls)) || hasMoved;
      }
    }
    return hasMoved;
  }

  #preparesLong(): boolean {
    return this.#state === 'provisioning' && this.#source.clock.now() - this.#changedAt > preparesLongAfter;
  }

  /** True when there was something new. Signatures that have expired are renewed once. */
  async *#read(file: LogFile, urls: SignedUrls): AsyncGenerator<LogItem, boolean> {
    for (let isSecond = false; ; isSecond = true) {
      const before = this.#position.get(file.path) ?? { offset: 0, madeAt: 0 };
      const url = urls.of(file.path);
      let hasMoved = false;
      let expired: ProviderError | null = null;
      for await (const read of url === undefined ? [] : readFile(url, before, this.#source.clock.now(), this.#signal)) {
        if (read.kind === 'expired') {
          expired = read.error;
        } else if (read.kind !== 'gone') {
          this.#position.set(file.path, read.next);
          const item = this.#itemOf(read, file, before);
          hasMoved ||= item !== null || read.kind === 'begunAnew';
          if (item !== null) {
            yield item;
          }
        }
      }
      if (expired === null) {
        const { offset = 0 } = this.#position.get(file.path) ?? {};
        this.#isBehind ||= offset - before.offset >= mostAtOnce;
        return hasMoved;
      }
      if (isSecond) {
        throw expired;
      }
      await urls.renew();
    }
  }

  #itemOf(
    read: Exclude<FileRead, { readonly kind: 'expired' | 'gone' }>,
    { stream }: LogFile,
    before: FilePosition,
  ): LogItem | null {
    const cursor = encodePosition(this.#position);
    switch (read.kind) {
      case 'bytes':
        return { kind: 'bytes', stream, bytes: read.bytes, time: null, cursor };
      case 'begunAnew':
        return before.offset === 0 ? null : { kind: 'gap', stream, from: null, to: null, reason: beganAnew, cursor };
      case 'nothing':
        return null;
    }
  }
}

function hasEnded(state: SeenState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/** While it waits for a machine nothing is written. */
function mayPrint(state: SeenState): boolean {
  return state !== 'queued' && state !== 'preempted';
}

function gone({ id }: Handle): ProviderError {
  return new ProviderError('notFound', `The workspace has no job "${id}".`, {
    remedy: 'It was deleted; submit again.',
  });
}
