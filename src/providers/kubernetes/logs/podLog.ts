import { setTimeout as delay } from 'node:timers/promises';
import type { EpochMs } from '../../../core/job.ts';
import { isRetryable } from '../../../core/providerError.ts';
import type { KubeApi } from '../client/api.ts';
import { ApiError, hasStatus } from '../client/apiError.ts';
import { timeOf } from '../model/meta.ts';
import { container, isOver, type Pod, statusOf } from '../model/pod.ts';
import { object, resource } from '../paths.ts';
import type { Position } from './position.ts';
import { Resume } from './resume.ts';
import { type LinePart, type Stamp, StampedLines, stampMs, stampSeconds } from './stampedLines.ts';

/** A piece of the output of one pod, with where it leaves the reader. */
export type PodLogItem =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly time: EpochMs; readonly position: Position }
  | {
      readonly kind: 'gap';
      readonly from: EpochMs | null;
      readonly to: EpochMs | null;
      readonly reason: string;
      readonly position: Position;
    };

export interface PodLogInput {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly pod: string;
  /** The pod as it is now; null when it is gone. */
  readonly look: () => Promise<Pod | null>;
  /** Waits until the pod may have changed, about so many ms at most. */
  readonly changed: (ms: number) => Promise<void>;
  /** How long nothing may be looked at while the pod has not started, in ms: longer where changes are heard of. */
  readonly longestWait: () => number;
  readonly position: Position;
  /** Keeps a connection open for what comes; else the log is read again every `pollEvery`. */
  readonly follow: boolean;
  /** Lets only so many read at once that are not followed. */
  readonly turn: <T>(work: () => AsyncGenerator<T, void>) => AsyncGenerator<T, void>;
  readonly signal: AbortSignal;
}

/** All in ms. */
const pollEvery = 5_000;
const firstWait = 250;
const soonest = 1_000;
const backoff = { first: 1_000, longest: 30_000 };

/**
 * The output of the main container of a pod from a position on, until it has ended and everything was handed out. Ends with a
 * gap when something cannot be had any more. A connection that breaks rejects as `transient`; a node that cannot be reached
 * behind a server that can is waited for.
 */
export async function* podLog(input: PodLogInput): AsyncGenerator<PodLogItem, void> {
  const { look, changed, signal, turn } = input;
  let { position } = input;
  let failures = 0;
  let wait = firstWait;
  const untilChanged = async (): Promise<void> => {
    await changed(wait);
    wait = Math.min(input.longestWait(), wait * 1.5);
  };
  let hasBegun = position.stamp !== null;
  /** The node itself ended the stream, as it does when the container has ended. */
  let wasClosed = false;
  for (;;) {
    signal.throwIfAborted();
    const pod = await look();
    if (pod === null && (wasClosed || !hasBegun)) {
      return;
    }
    if (pod === null) {
      yield gone(position, `the pod ${input.pod} was deleted before its output was read to the end`);
      return;
    }
    const state = statusOf(pod, container.main)?.state;
    const hasEnded = Boolean(state?.terminated) || isOver(pod);
    if (!hasEnded && !state?.running) {
      await untilChanged();
      continue;
    }
    if (hasEnded && !state?.terminated) {
      // It ended before its container began: there is no output.
      return;
    }
    hasBegun = true;
    const began = Date.now();
    const read = new OneRead(
      input,
      position,
      !hasEnded && input.follow,
      timeOf(state?.running?.startedAt ?? state?.terminated?.startedAt),
    );
    const wasWhole = wasClosed;
    wasClosed = false;
    try {
      yield* input.follow ? read.items() : turn(() => read.items());
      failures = 0;
      wasClosed = input.follow;
    } catch (error) {
      signal.throwIfAborted();
      if (hasStatus(error, 400)) {
        // Not started, as far as its node knows.
        await untilChanged();
        continue;
      }
      if (!hasStatus(error, 404)) {
        failures += 1;
        await waitAfter(error, hasEnded, failures, signal);
      }
      continue;
    } finally {
      position = read.position;
    }
    if (hasEnded && !read.hasNews) {
      const { lost } = read;
      // What was followed to its end is whole, though the log may have been rotated since.
      if (lost !== null && !wasWhole) {
        yield gone(position, lost);
      }
      return;
    }
    if (!hasEnded) {
      await delay(input.follow ? Math.max(0, soonest - (Date.now() - began)) : pollEvery, undefined, { signal }).catch(
        () => undefined,
      );
    }
  }
}

function gone(position: Position, reason: string): PodLogItem {
  const from = position.stamp === null ? null : stampMs(position.stamp);
  return { kind: 'gap', from, to: null, reason, position: { ...position, isDone: true } };
}

/** A node that is away is asked again later; everything else is for whoever reads. */
async function waitAfter(error: unknown, hasEnded: boolean, failures: number, signal: AbortSignal): Promise<void> {
  if (!(error instanceof ApiError) || !isRetryable(error) || hasEnded) {
    throw error;
  }
  await delay(Math.min(backoff.longest, backoff.first * 2 ** (failures - 1)), undefined, { signal }).catch(
    () => undefined,
  );
}

/** One request for the log. */
class OneRead {
  readonly #input: PodLogInput;
  readonly #resume: Resume;
  readonly #follow: boolean;
  readonly #from: Stamp | null;
  /** Of the container, while nothing of its output was handed out. */
  #startedAt: EpochMs | null;
  readonly #openedAt = Date.now();
  #notice: string | null = null;
  hasNews = false;

  constructor(input: PodLogInput, position: Position, follow: boolean, startedAt: EpochMs | null) {
    this.#startedAt = position.stamp === null ? startedAt : null;
    this.#input = input;
    this.#resume = new Resume(position);
    this.#follow = follow;
    this.#from = position.since;
  }

  get position(): Position {
    return this.#resume.position;
  }

  /** Why the rest cannot be had; null when nothing is missing. */
  get lost(): string | null {
    return this.#notice ?? (this.#resume.isLost ? rotated : null);
  }

  async *items(): AsyncGenerator<PodLogItem, void> {
    const { api, namespace, pod, signal } = this.#input;
    const lines = new StampedLines();
    const chunks = api.stream(
      `${object(resource.pods, namespace, pod)}/log`,
      {
        container: container.main,
        timestamps: true,
        follow: this.#follow || undefined,
        // Fractions would be cut off on the way to the node anyway.
        sinceTime:
          this.#from === null
            ? undefined
            : new Date(stampSeconds(this.#from) * 1000).toISOString().replace('.000Z', 'Z'),
      },
      signal,
    );
    for await (const chunk of chunks) {
      yield* this.#take(lines.push(chunk));
    }
    yield* this.#take(lines.end());
  }

  /**
   * When the container began, if its output is read for the first time only now and begins long after: nobody can tell then
   * whether it was silent or its node has rotated the beginning away.
   */
  #lateBeginning(first: Stamp): EpochMs | null {
    const startedAt = this.#startedAt;
    this.#startedAt = null;
    const isLate = startedAt !== null && stampMs(first) - startedAt > unseenFor;
    return isLate && this.#openedAt - startedAt > unseenFor ? startedAt : null;
  }

  /** What came together goes on together. */
  *#take(parts: Iterable<LinePart>): Generator<PodLogItem, void> {
    let pieces: Buffer[] = [];
    let newest: { readonly stamp: Stamp; readonly position: Position } | null = null;
    for (const part of parts) {
      if (part.kind === 'notice') {
        this.#notice = part.text;
        continue;
      }
      const before = this.#resume.position;
      const resumed = this.#resume.take(part);
      if (resumed === null) {
        continue;
      }
      this.hasNews = true;
      this.#notice = null;
      const late = this.#lateBeginning(part.stamp);
      if (late !== null) {
        yield { kind: 'gap', from: late, to: stampMs(part.stamp), reason: unseen, position: before };
      }
      if (resumed.gapBefore !== null) {
        const { from, to } = resumed.gapBefore;
        yield {
          kind: 'gap',
          from: stampMs(from),
          to: stampMs(to),
          reason: rotated,
          position: { ...before, stamp: null, since: null, lines: 0, bytes: 0 },
        };
      }
      pieces.push(resumed.bytes);
      newest = { stamp: part.stamp, position: resumed.position };
    }
    if (newest !== null) {
      const bytes = pieces.length === 1 ? (pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(pieces);
      pieces = [];
      yield { kind: 'bytes', bytes, time: stampMs(newest.stamp), position: newest.position };
    }
  }
}

/** In ms. */
const unseenFor = 60_000;
const unseen = 'the output was first read long after its start, and the node may have rotated its beginning away';
const rotated = 'the node had rotated the log by the time it was read again, so output may be missing here';
