import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { type RawData, WebSocket } from 'ws';
import type { ProviderError } from '../../../core/providerError.ts';
import { type KubeApi, probeAfter, type Query } from './api.ts';
import { ApiError, networkError } from './apiError.ts';

/** What a frame belongs to: the first byte of its payload. */
export interface Frame {
  readonly channel: number;
  readonly bytes: Buffer;
}

/** In bytes: with more than this written and not sent `write` waits, with more than this received and not taken the other side does. */
const highWater = 1 << 20;
const lowWater = 1 << 18;
const pingEvery = 20_000;

/**
 * A websocket of the API server that carries several channels. See
 * https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/3396-websocket-protocol-enhancements.
 */
export class Channels {
  readonly protocol: string;
  readonly #socket: WebSocket;
  readonly #server: string;
  readonly #frames: Frame[] = [];
  /** Bytes that arrived and were not taken yet. */
  #waiting = 0;
  #arrived = Promise.withResolvers<void>();
  #end: { readonly error: ProviderError | null } | null = null;
  readonly #pings: NodeJS.Timeout;
  readonly #detach: () => void;

  private constructor(socket: WebSocket, server: string, early: readonly Frame[], signal: AbortSignal) {
    this.#socket = socket;
    this.#server = server;
    this.protocol = socket.protocol;
    for (const frame of early) {
      this.#take(frame);
    }
    socket.on('message', (data: RawData) => {
      this.#take(frameOf(data));
    });
    socket.on('error', (error) => {
      this.#finish(networkError(error, server));
    });
    socket.on('close', (code, reason) => {
      this.#finish(
        code === 1000
          ? null
          : networkError(new Error(`the stream was closed (${code}) ${reason.toString()}`.trim()), server),
      );
    });
    this.#pings = setInterval(() => {
      socket.ping();
    }, pingEvery);
    this.#pings.unref();
    const abort = (): void => {
      socket.terminate();
    };
    signal.addEventListener('abort', abort);
    this.#detach = () => {
      signal.removeEventListener('abort', abort);
    };
  }

  /** `protocols`: best first. Rejects with an ApiError when the server refuses. The signal ends it whenever it comes. */
  static async open(
    api: KubeApi,
    path: string,
    query: Query,
    protocols: readonly string[],
    signal: AbortSignal,
  ): Promise<Channels> {
    const either = AbortSignal.any([signal, api.ended]);
    return api.withSignIn(signal, async ({ headers, tls, agent }) => {
      const url = api.url(path, query);
      url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
      const socket = new WebSocket(url, [...protocols], {
        ...tls,
        agent,
        headers: { ...headers, 'User-Agent': 'aloft' },
        perMessageDeflate: false,
        handshakeTimeout: 60_000,
      });
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const early: Frame[] = [];
      const keep = (data: RawData): void => {
        early.push(frameOf(data));
      };
      const abort = (): void => {
        socket.terminate();
        reject(either.reason as Error);
      };
      socket.on('message', keep);
      socket.once('open', resolve);
      socket.on('error', reject);
      socket.once('upgrade', ({ socket: wire }) => {
        wire.setKeepAlive(true, probeAfter);
        wire.setNoDelay(true);
      });
      socket.once('unexpected-response', (_request, response) => {
        void refusal(path, response).then(reject);
      });
      either.addEventListener('abort', abort);
      if (either.aborted) {
        abort();
      }
      try {
        await promise;
        return new Channels(socket, api.server, early, either);
      } catch (error) {
        socket.terminate();
        either.throwIfAborted();
        throw error instanceof ApiError ? error : networkError(error, api.server);
      } finally {
        either.removeEventListener('abort', abort);
        socket.off('message', keep);
        socket.off('open', resolve);
      }
    });
  }

  /** Frames in their order until the other side closes; rejects when the connection breaks. */
  async *frames(): AsyncGenerator<Frame, void> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) {
        this.#waiting -= frame.bytes.length;
        if (this.#waiting < lowWater && this.#socket.isPaused) {
          this.#socket.resume();
        }
        yield frame;
      } else if (this.#end === null) {
        await this.#arrived.promise;
      } else if (this.#end.error === null) {
        return;
      } else {
        throw this.#end.error;
      }
    }
  }

  /** Resolves when there is room for more. */
  async write(channel: number, bytes: Uint8Array): Promise<void> {
    if (this.#end !== null) {
      throw this.#end.error ?? networkError(new Error('the stream was closed'), this.#server);
    }
    const payload = Buffer.allocUnsafe(bytes.length + 1);
    payload[0] = channel;
    payload.set(bytes, 1);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.send(payload, (error) => {
      if (error) {
        reject(networkError(error, this.#server));
      } else {
        resolve();
      }
    });
    if (this.#socket.bufferedAmount > highWater) {
      await promise;
    } else {
      promise.catch(() => undefined);
    }
  }

  /** No more will be written to that channel; only v5 can say so. */
  async closeChannel(channel: number): Promise<void> {
    if (this.protocol.startsWith('v5')) {
      await this.write(255, Buffer.from([channel]));
    }
  }

  close(): void {
    this.#socket.close(1000);
    this.#finish(null);
  }

  #take(frame: Frame): void {
    this.#frames.push(frame);
    this.#waiting += frame.bytes.length;
    if (this.#waiting > highWater && !this.#socket.isPaused) {
      this.#socket.pause();
    }
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  #finish(error: ProviderError | null): void {
    if (this.#end === null) {
      this.#end = { error };
      clearInterval(this.#pings);
      this.#detach();
      this.#arrived.resolve();
    }
  }
}

function frameOf(data: RawData): Frame {
  const all = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer);
  return { channel: all[0] ?? 0, bytes: all.subarray(1) };
}

async function refusal(path: string, response: IncomingMessage): Promise<ApiError> {
  const body = await text(response).catch(() => '');
  return new ApiError({ method: 'GET', path, code: response.statusCode ?? 0, body, retryAfter: null });
}
