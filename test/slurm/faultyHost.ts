import { AsyncLocalStorage } from 'node:async_hooks';
import type { Duplex } from 'node:stream';

import type { Connection, Handle, Shell, TerminalSize } from '../../src/core/provider.ts';
import { ProviderError, type ProviderErrorTag } from '../../src/core/providerError.ts';
import type { Finished, ShellScript, SlurmHost } from '../../src/providers/slurm/host.ts';
import type { Faults, Method } from '../conformance/setup.ts';

/** What goes wrong with the next question that a method asks the cluster. */
type Fault =
  | { readonly kind: 'loseReply' | 'loseRequest' | 'duplicate' | 'hangAfterWork' }
  | { readonly kind: 'hang'; readonly arrived: () => void }
  | { readonly kind: 'fail'; readonly error: ProviderError }
  | { readonly kind: 'late'; readonly run: string }
  | { readonly kind: 'drop'; readonly afterBytes: number };

const method = new AsyncLocalStorage<Method>();

/** Between a connection and the real way to its cluster: makes it misbehave on command, all connections of a backend alike. */
export class FaultyWay {
  readonly #faults = new Map<Method, Fault>();
  /** Answers to the question how jobs are. */
  readonly #looks: string[] = [];
  readonly #open = new Set<() => void>();

  /** A host whose questions may fail. */
  host(host: SlurmHost): SlurmHost {
    return new FaultyHost(host, this);
  }

  /** The connection, with its methods known to the host. */
  connection(connection: Connection): Connection {
    return new Proxy(connection, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') {
          return value;
        }
        return (...args: unknown[]) => {
          const result: unknown = method.run(name as Method, () => Reflect.apply(value, target, args));
          return name === 'logs' || name === 'readOutput' ? within(name, result as AsyncIterable<unknown>) : result;
        };
      },
    });
  }

  /** Takes the fault that is meant for the method we are in, and for what it does there. */
  take(isStream: boolean): Fault | undefined {
    const current = method.getStore();
    const fault = current === undefined ? undefined : this.#faults.get(current);
    if (current === undefined || fault === undefined || (fault.kind === 'drop') !== isStream) {
      return undefined;
    }
    this.#faults.delete(current);
    return fault;
  }

  remember(answer: string): void {
    if (method.getStore() === 'observe') {
      this.#looks.push(answer);
    }
  }

  /** What was answered while the run had not ended. */
  lateLook(run: string): string | undefined {
    return this.#looks.findLast((answer) => answer.includes(`queue ${run} `) && !answer.includes(`final ${run} `));
  }

  onLoss(lose: () => void): () => void {
    this.#open.add(lose);
    return () => this.#open.delete(lose);
  }

  get faults(): Partial<Faults> {
    const set = (on: Method, fault: Fault): void => {
      this.#faults.set(on, fault);
    };
    return {
      loseReply: async (on) => set(on, { kind: 'loseReply' }),
      loseRequest: async (on) => set(on, { kind: 'loseRequest' }),
      duplicateRequest: async (on) => set(on, { kind: 'duplicate' }),
      hangAfterWork: async (on) => set(on, { kind: 'hangAfterWork' }),
      hang: async (on) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        set(on, { kind: 'hang', arrived: resolve });
        return async () => promise;
      },
      failNext: async (on, tag: ProviderErrorTag) => {
        const raw = `the cluster's own words about ${tag}`;
        set(on, { kind: 'fail', error: new ProviderError(tag, 'It went wrong.', { raw }) });
        return raw;
      },
      dropLog: async (afterBytes) => set('logs', { kind: 'drop', afterBytes }),
      lateObservation: async ({ id }: Handle) => set('observe', { kind: 'late', run: id }),
      loseConnections: async () => {
        for (const lose of this.#open) {
          lose();
        }
      },
    };
  }
}

async function* within<T>(name: Method, items: AsyncIterable<T>): AsyncGenerator<T, void> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await method.run(name, async () => iterator.next());
      if (next.done === true) {
        return;
      }
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

class FaultyHost implements SlurmHost {
  readonly #host: SlurmHost;
  readonly #way: FaultyWay;

  constructor(host: SlurmHost, way: FaultyWay) {
    this.#host = host;
    this.#way = way;
  }

  async account(signal: AbortSignal): Promise<string> {
    return this.#ask(async () => this.#host.account(signal), signal);
  }

  async run(script: ShellScript, signal: AbortSignal): Promise<Finished> {
    return this.#ask(
      async () => {
        const finished = await this.#host.run(script, signal);
        this.#way.remember(finished.stdout);
        return finished;
      },
      signal,
      (stdout) => ({ exitCode: 0, stdout, stderr: '' }),
    );
  }

  async *stream(script: ShellScript, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const fault = this.#way.take(true);
    let left = fault?.kind === 'drop' ? fault.afterBytes : Number.POSITIVE_INFINITY;
    for await (const bytes of this.#host.stream(script, signal)) {
      yield bytes.subarray(0, left);
      left -= bytes.length;
      if (left <= 0) {
        throw lost();
      }
    }
  }

  readFile(path: string, offset: number, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#host.readFile(path, offset, signal);
  }

  async openShell(script: ShellScript, size: TerminalSize, signal: AbortSignal): Promise<Shell> {
    const shell = await this.#host.openShell(script, size, signal);
    let isLost = false;
    const forget = this.#way.onLoss(() => {
      isLost = true;
      shell.close();
    });
    async function* output(): AsyncGenerator<Uint8Array, void> {
      yield* shell.output;
      forget();
      if (isLost) {
        throw lost();
      }
    }
    return { ...shell, output: output() };
  }

  async connectTo(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const socket = await this.#host.connectTo(host, port, signal);
    socket.once(
      'close',
      this.#way.onLoss(() => {
        socket.destroy();
      }),
    );
    return socket;
  }

  async dispose(): Promise<void> {
    await this.#host.dispose();
  }

  async #ask<T>(work: () => Promise<T>, signal: AbortSignal, answer?: (stdout: string) => T): Promise<T> {
    const fault = this.#way.take(false);
    switch (fault?.kind) {
      case 'loseRequest':
        throw lost();
      case 'fail':
        throw fault.error;
      case 'hang':
        fault.arrived();
        return untilAborted(signal);
      case 'loseReply':
        await work();
        throw lost();
      case 'hangAfterWork':
        await work();
        return untilAborted(signal);
      case 'duplicate':
        await Promise.all([work(), work()]);
        return work();
      case 'late': {
        const look = this.#way.lateLook(fault.run);
        if (look === undefined || answer === undefined) {
          throw new Error(`${fault.run} was never seen before its end.`);
        }
        return answer(look);
      }
      default:
        return work();
    }
  }
}

function lost(): ProviderError {
  return new ProviderError('transient', 'The connection was lost.');
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => {
    reject(signal.reason);
  });
  return promise;
}
