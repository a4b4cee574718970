import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP relay on a free port of 127.0.0.1 that stands for a network that fails. */
export class Relay {
  readonly #target: number;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #port = 0;
  #isFrozen = false;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((near) => {
      this.#join(near);
    });
  }

  static async start(target: number): Promise<Relay> {
    const relay = new Relay(target);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    relay.#port = (relay.#server.address() as AddressInfo).port;
    return relay;
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Breaks every connection off. */
  cut(): void {
    for (const pair of this.#pairs) {
      for (const socket of pair) {
        socket.destroy();
      }
    }
  }

  /** From now on nothing gets through, and nobody is told; connections that are made meanwhile stay silent. */
  freeze(): void {
    this.#isFrozen = true;
    for (const pair of this.#pairs) {
      for (const socket of pair) {
        socket.unpipe();
        socket.pause();
      }
    }
  }

  async dispose(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  #join(near: Socket): void {
    const far = connect({ host: '127.0.0.1', port: this.#target });
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.once('close', () => {
        near.destroy();
        far.destroy();
        this.#pairs.delete(pair);
      });
    }
    if (!this.#isFrozen) {
      near.pipe(far);
      far.pipe(near);
    }
  }
}
