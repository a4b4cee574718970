import type { LogCursor, LogItem, StreamId } from '../../../core/logChunk.ts';
import type { KubeApi } from '../client/api.ts';
import { hasStatus } from '../client/apiError.ts';
import { nodeCount } from '../model/job.ts';
import { holds } from '../model/meta.ts';
import { indexOf, type Pod, podSchema } from '../model/pod.ts';
import { verdictOf } from '../observe/verdict.ts';
import { object, resource } from '../paths.ts';
import type { Run, Runs } from '../state/runs.ts';
import { HandOver } from './handOver.ts';
import { podLog, type PodLogItem } from './podLog.ts';
import { type Position, positionText, readPosition, startOf } from './position.ts';

/** So many ranks are followed live; the others are read in turns, some at a time. */
const followed = 16;
const turnsAtOnce = 4;
/** Items that may lie between the pods and whoever reads. */
const mostWaiting = 64;
/** All in ms; what changes about a run is heard of at once while it is watched. */
const lookEvery = { first: 500, longest: 10_000 };
const longestWait = { watched: 15_000, unwatched: 3_000 };

export interface RunLogInput {
  readonly api: KubeApi;
  readonly runs: Runs;
  readonly namespace: string;
  /** Of the attempt's Job. */
  readonly name: string;
  readonly cursor: LogCursor | null;
  readonly signal: AbortSignal;
}

interface Made {
  readonly index: number;
  readonly item: PodLogItem;
}

/** The output of all pods of an attempt as one sequence, until the attempt has ended and everything was handed out. */
export async function* runLog(input: RunLogInput): AsyncGenerator<LogItem, void> {
  const stop = new AbortController();
  const log = new RunLog(input, AbortSignal.any([input.signal, stop.signal]));
  try {
    yield* log.items();
  } finally {
    stop.abort(input.signal.reason);
    await log.settled();
  }
}

class RunLog {
  readonly #input: RunLogInput;
  readonly #signal: AbortSignal;
  readonly #positions: Map<number, Position>;
  /** `positionText` of each, so that a cursor costs little however many ranks there are. */
  readonly #texts: Map<number, string>;
  readonly #handOver = new HandOver<Made>(mostWaiting);
  readonly #readers = new Map<number, Promise<void>>();
  /** Uids of pods that were read to their end. */
  readonly #finished = new Set<string>();
  #failure: { readonly error: unknown } | null = null;
  #turns = turnsAtOnce;
  #waitingForTurn: (() => void)[] = [];

  constructor(input: RunLogInput, signal: AbortSignal) {
    this.#input = input;
    this.#signal = signal;
    const known = (input.cursor ?? '').split(';').flatMap((text) => readPosition(text) ?? []);
    this.#positions = new Map(known.map(({ index, position }) => [index, position]));
    this.#texts = new Map(known.map(({ index, position }) => [index, positionText(index, position)]));
    for (const { position } of known.filter((each) => each.position.isDone)) {
      this.#finished.add(position.uid);
    }
  }

  async settled(): Promise<void> {
    this.#handOver.wake();
    await Promise.allSettled(this.#readers.values());
  }

  async *items(): AsyncGenerator<LogItem, void> {
    const wake = (): void => {
      this.#handOver.wake();
    };
    this.#signal.addEventListener('abort', wake);
    const looking = this.#lookUntilDone();
    let isDone = false;
    looking.then(
      () => {
        isDone = true;
        wake();
      },
      (error: unknown) => {
        this.#failure ??= { error };
        wake();
      },
    );
    try {
      for (;;) {
        const made = this.#handOver.take();
        if (made !== undefined) {
          yield this.#logItem(made);
          continue;
        }
        this.#signal.throwIfAborted();
        if (this.#failure !== null) {
          throw this.#failure.error;
        }
        if (isDone) {
          return;
        }
        await this.#handOver.changed();
      }
    } finally {
      this.#signal.removeEventListener('abort', wake);
    }
  }

  /** Starts a reader for each pod in its turn. Resolves when the run has ended and all was read. */
  async #lookUntilDone(): Promise<void> {
    const { runs, name } = this.#input;
    let wait = lookEvery.first;
    for (;;) {
      this.#signal.throwIfAborted();
      const run = await runs.one(name, this.#signal);
      const hadReaders = this.#readers.size;
      for (const [index, pods] of Map.groupBy(run.pods, indexOf)) {
        if (!this.#readers.has(index)) {
          this.#beginNext(index, pods);
        }
      }
      await this.#missGonePods(run);
      if (this.#readers.size === 0 && hasEnded(run)) {
        await this.#missUnreadPods(run);
        return;
      }
      if (this.#failure !== null) {
        return;
      }
      wait = this.#readers.size > hadReaders ? lookEvery.first : Math.min(wait * 1.5, lookEvery.longest);
      await Promise.race([
        runs.changed(name, wait, this.#signal),
        ...(this.#readers.size > 0 ? [Promise.race(this.#readers.values())] : []),
      ]);
    }
  }

  /** The oldest pod of a rank that was not read to its end and is not older than where the reader was. */
  #beginNext(index: number, pods: readonly Pod[]): void {
    const at = this.#positions.get(index);
    const isPast = ({ metadata: { uid, creationTimestamp } }: Pod): boolean =>
      at !== undefined && uid !== at.uid && (creationTimestamp ?? '') < at.created;
    const next = pods.find((pod) => !this.#finished.has(pod.metadata.uid) && !isPast(pod));
    if (next === undefined) {
      return;
    }
    const { uid, creationTimestamp } = next.metadata;
    const position = at?.uid === uid ? at : startOf(uid, creationTimestamp ?? '');
    const reading = this.#read(index, next, position).finally(() => {
      this.#readers.delete(index);
    });
    this.#readers.set(index, reading);
  }

  async #read(index: number, pod: Pod, position: Position): Promise<void> {
    const { api, runs, namespace, name } = this.#input;
    const signal = this.#signal;
    const { uid, name: podName } = pod.metadata;
    try {
      const items = podLog({
        api,
        namespace,
        pod: podName,
        position,
        follow: index < followed,
        signal,
        look: async () => look(api, namespace, podName, uid, signal),
        longestWait: () => (runs.isLive ? longestWait.watched : longestWait.unwatched),
        changed: async (ms) => runs.changed(name, ms, signal),
        turn: (work) => this.#inTurn(work),
      });
      for await (const item of items) {
        await this.#handOver.put({ index, item }, signal);
      }
      this.#finished.add(uid);
    } catch (error) {
      this.#failure ??= { error };
      this.#handOver.wake();
    }
  }

  async *#inTurn<T>(work: () => AsyncGenerator<T, void>): AsyncGenerator<T, void> {
    while (this.#turns === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waitingForTurn.push(resolve);
      await promise;
    }
    this.#turns -= 1;
    try {
      yield* work();
    } finally {
      this.#turns += 1;
      this.#waitingForTurn.shift()?.();
    }
  }

  /** Pods whose output was being read and that are not there any more. */
  async #missGonePods(run: Run): Promise<void> {
    const there = new Set(run.pods.map(({ metadata }) => metadata.uid));
    for (const [index, position] of this.#positions) {
      if (!there.has(position.uid) && !this.#finished.has(position.uid) && !this.#readers.has(index)) {
        this.#finished.add(position.uid);
        await this.#miss(index, position, 'the pod was deleted before its output was read to the end');
      }
    }
  }

  /** Nodes whose pods went before anything of their output was read. One that Aloft ended never began. */
  async #missUnreadPods({ job }: Run): Promise<void> {
    if (job === null || verdictOf(job)?.state === 'failed') {
      return;
    }
    const isUnread = (index: number): boolean => !this.#positions.has(index);
    const unread = [...Array(nodeCount(job)).keys()].filter(isUnread);
    if (unread.length === 0) {
      return;
    }
    const { pods } = await this.#input.runs.fresh(this.#input.name, this.#signal);
    const there = new Set(pods.map(indexOf));
    for (const index of unread.filter((each) => !there.has(each))) {
      const reason = 'the pod was gone before its output was read, so that all of it may be missing';
      await this.#miss(index, startOf(`gone-from-${job.metadata.uid}`, ''), reason);
    }
  }

  async #miss(index: number, position: Position, reason: string): Promise<void> {
    const item = { kind: 'gap', from: null, to: null, reason, position: { ...position, isDone: true } } as const;
    await this.#handOver.put({ index, item }, this.#signal);
  }

  #logItem({ index, item }: Made): LogItem {
    this.#positions.set(index, item.position);
    this.#texts.set(index, positionText(index, item.position));
    const cursor = [...this.#texts.values()].join(';') as LogCursor;
    const stream: StreamId = { name: 'stdout', task: 0, node: index };
    return item.kind === 'bytes'
      ? { kind: 'bytes', stream, bytes: item.bytes, time: item.time, cursor }
      : { kind: 'gap', stream, from: item.from, to: item.to, reason: item.reason, cursor };
  }
}

async function look(
  api: KubeApi,
  namespace: string,
  name: string,
  uid: string,
  signal: AbortSignal,
): Promise<Pod | null> {
  try {
    const pod = podSchema.safeParse(await api.json('GET', object(resource.pods, namespace, name), {}, signal)).data;
    return pod === undefined || pod.metadata.uid !== uid ? null : pod;
  } catch (error) {
    if (hasStatus(error, 404)) {
      return null;
    }
    throw error;
  }
}

function hasEnded({ job, pods }: Run): boolean {
  if (job === null) {
    return pods.length === 0;
  }
  const { conditions } = job.status;
  return (
    holds(conditions, 'Complete') !== undefined || holds(conditions, 'Failed') !== undefined || verdictOf(job) !== null
  );
}
