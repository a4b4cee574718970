import type { Connection } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';

/** How long nothing may be under way before a connection that is not wanted any more is closed, in ms: work comes in several calls. */
const rest = 10_000;

/** These go on for as long as a job does, so they are ended; whoever follows opens the connection again. */
const endless: ReadonlySet<PropertyKey> = new Set(['logs', 'watch']);

/** An open connection that knows what is under way on it, so that it can be closed when nothing is. */
export class UsedConnection {
  /** What others get to see. */
  readonly connection: Connection;
  readonly #inner: Connection;
  #underWay = 0;
  #retired = new AbortController();
  #closed: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(inner: Connection) {
    this.#inner = inner;
    this.connection = new Proxy(inner, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        return isMethod(member) ? this.#counted(name, member) : member;
      },
    });
  }

  /** Closes it when nothing is under way any more, and says so. */
  retire(closed: () => void): void {
    if (this.#closed === undefined) {
      this.#closed = closed;
      this.#retired.abort(new ProviderError('transient', 'The settings of this connection have changed.'));
      this.#closeAfterRest();
    }
  }

  /** It is wanted again. */
  keep(): void {
    if (this.#closed !== undefined) {
      this.#closed = undefined;
      this.#retired = new AbortController();
      clearTimeout(this.#timer);
    }
  }

  /** Closes it now. */
  async dispose(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#inner.dispose();
  }

  #counted(name: PropertyKey, member: (...args: unknown[]) => unknown) {
    return (...args: unknown[]): unknown => {
      const { signal } = this.#retired;
      const given = endless.has(name)
        ? args.map((arg) => (arg instanceof AbortSignal ? AbortSignal.any([arg, signal]) : arg))
        : args;
      const result = member.apply(this.#inner, given);
      if (result instanceof Promise) {
        this.#begin();
        const end = (): void => {
          this.#end();
        };
        result.then(end, end);
        return result;
      }
      return isStream(result) ? this.#stream(result) : result;
    };
  }

  async *#stream(stream: AsyncIterable<unknown>): AsyncGenerator {
    this.#begin();
    try {
      yield* stream;
    } finally {
      this.#end();
    }
  }

  #begin(): void {
    this.#underWay += 1;
    clearTimeout(this.#timer);
  }

  #end(): void {
    this.#underWay -= 1;
    this.#closeAfterRest();
  }

  #closeAfterRest(): void {
    const closed = this.#closed;
    if (closed !== undefined && this.#underWay === 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(closed, rest).unref();
    }
  }
}

function isMethod(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
