import { untilAborted } from './untilAborted.ts';

/** sshd allows ten (MaxSessions), of which other tools that share the connection's server count may hold some. */
const mostChannels = 6;
/** Streams and terminals stay for hours; what is asked and answered must get through beside them. */
const mostLongLived = 4;

interface Waiter {
  readonly longLived: boolean;
  readonly grant: () => void;
}

/** Lets so many hold a channel at once; the others wait in the order they came. */
export class ChannelQueue {
  readonly #waiting: Waiter[] = [];
  #limit = mostChannels;
  #held = 0;
  #longLived = 0;

  /** Resolves with what gives the channel back, to be called once or more. */
  async acquire(longLived: boolean, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { longLived, grant: resolve };
    this.#waiting.push(waiter);
    this.#serve();
    try {
      await untilAborted(signal, promise);
    } catch (error) {
      const at = this.#waiting.indexOf(waiter);
      if (at < 0) {
        this.#release(longLived);
      } else {
        this.#waiting.splice(at, 1);
      }
      throw error;
    }
    let released = false;
    return () => {
      if (!released) {
        released = true;
        this.#release(longLived);
      }
    };
  }

  /**
   * The server would not open one more, which still holds its place: from now on there are no more than the others that are open.
   * False when none of those is closed soon, so that waiting for one to close would be in vain; the next that is asked for is tried.
   */
  shrink(longLived: boolean): boolean {
    const others = this.#held - 1;
    const staying = this.#longLived - (longLived ? 1 : 0);
    const mayWait = others > staying;
    this.#limit = Math.min(this.#limit, mayWait ? others : others + 1);
    return mayWait;
  }

  #release(longLived: boolean): void {
    this.#held -= 1;
    this.#longLived -= longLived ? 1 : 0;
    this.#serve();
  }

  #serve(): void {
    while (this.#held < this.#limit) {
      const most = Math.min(mostLongLived, Math.max(1, this.#limit - 1));
      const next = this.#waiting.findIndex((waiter) => !waiter.longLived || this.#longLived < most);
      const [waiter] = next < 0 ? [] : this.#waiting.splice(next, 1);
      if (waiter === undefined) {
        return;
      }
      this.#held += 1;
      this.#longLived += waiter.longLived ? 1 : 0;
      waiter.grant();
    }
  }
}
