import { ProviderError } from '../../../core/providerError.ts';
import type { RunName } from '../../../core/runName.ts';
import type { SlurmShell } from '../shell/slurmShell.ts';
import type { Frame } from './frames.ts';
import { readLogs } from './logReader.ts';
import type { FilePosition, Position } from './position.ts';

/** Of frames that nobody has taken yet, per run: more are left on the cluster until some were taken. */
const mostWaiting = 8_388_608;

type RunFrame = Exclude<Frame, { readonly kind: 'round' }>;

/** One run that is followed: its frames as they come. */
interface Follower {
  /** How far its frames were handed to it. */
  readonly position: Map<string, FilePosition>;
  readonly frames: RunFrame[];
  waitingBytes: number;
  /** It has more than enough, and what came since was not kept. */
  isBehind: boolean;
  failure: unknown;
  wake: () => void;
}

/**
 * Follows the logs of any number of runs through one channel: a single script on the cluster that is started anew, with where
 * everybody is, when a run joins.
 */
export class LogHub {
  readonly #shell: SlurmShell;
  readonly #followers = new Map<RunName, Follower>();
  #stop = new AbortController();
  #isPumping = false;

  constructor(shell: SlurmShell) {
    this.#shell = shell;
  }

  follows(run: RunName): boolean {
    return this.#followers.has(run);
  }

  get isIdle(): boolean {
    return this.#followers.size === 0;
  }

  /** Ends with the signal; rejects when the channel does. The run must not be followed here already. */
  async *follow(run: RunName, from: Position, signal: AbortSignal): AsyncGenerator<RunFrame, void> {
    const follower: Follower = {
      position: new Map(from),
      frames: [],
      waitingBytes: 0,
      isBehind: false,
      failure: undefined,
      wake: () => undefined,
    };
    this.#followers.set(run, follower);
    this.#restart();
    const onAbort = (): void => {
      follower.wake();
    };
    signal.addEventListener('abort', onAbort);
    try {
      for (;;) {
        signal.throwIfAborted();
        const frame = follower.frames.shift();
        if (frame !== undefined) {
          follower.waitingBytes -= sizeOf(frame);
          yield frame;
          continue;
        }
        if (follower.failure !== undefined) {
          throw follower.failure;
        }
        const { promise, resolve } = Promise.withResolvers<void>();
        follower.wake = resolve;
        if (follower.isBehind) {
          follower.isBehind = false;
          this.#restart();
        }
        await promise;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#followers.delete(run);
      if (this.#followers.size === 0) {
        this.#stop.abort();
      }
    }
  }

  /** Lets the script go and starts it with everybody who is there by then. */
  #restart(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    if (!this.#isPumping) {
      this.#isPumping = true;
      void this.#pump();
    }
  }

  async #pump(): Promise<void> {
    while (this.#followers.size > 0) {
      // Those who join at the same time share one start.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      const { signal } = this.#stop;
      const runs = new Map([...this.#followers].map(([run, { position }]) => [run, position]));
      if (runs.size === 0) {
        break;
      }
      try {
        for await (const frame of readLogs(this.#shell, 'follow', runs, signal)) {
          signal.throwIfAborted();
          this.#hand(frame);
        }
        throw new ProviderError('transient', 'The cluster stopped sending logs.');
      } catch (error) {
        if (!signal.aborted) {
          this.#fail(runs, error);
        }
      }
    }
    this.#isPumping = false;
    if (this.#followers.size > 0) {
      this.#restart();
    }
  }

  #hand(frame: Frame): void {
    const follower = frame.kind === 'round' ? undefined : this.#followers.get(frame.run);
    if (follower === undefined || frame.kind === 'round') {
      return;
    }
    follower.isBehind ||= follower.waitingBytes > mostWaiting;
    if (!follower.isBehind && advance(follower.position, frame)) {
      follower.frames.push(frame);
      follower.waitingBytes += sizeOf(frame);
    }
    follower.wake();
  }

  /** Only those who were there: others have joined since. */
  #fail(runs: ReadonlyMap<RunName, Position>, error: unknown): void {
    for (const [run, follower] of this.#followers) {
      if (runs.has(run)) {
        follower.failure = error;
        follower.wake();
      }
    }
  }
}

/** Moves the position over the frame; false when it does not follow on. */
export function advance(position: Map<string, FilePosition>, frame: RunFrame): boolean {
  if (frame.kind === 'cut') {
    position.delete(frame.file);
  } else if (frame.kind === 'bytes') {
    const { file, offset, bytes, inode } = frame;
    if (offset !== (position.get(file)?.offset ?? 0)) {
      return false;
    }
    position.set(file, { offset: offset + bytes.length, inode });
  }
  return true;
}

function sizeOf(frame: RunFrame): number {
  return frame.kind === 'bytes' ? frame.bytes.length : 0;
}
