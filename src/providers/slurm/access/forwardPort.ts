import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { ForwardedPort } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';

/**
 * Listens on 127.0.0.1, at `port` where that is free, and joins each connection with one that `connectTo` opens. `ended` resolves
 * with a sentence when there is nothing to forward to any more.
 */
export async function forwardTo(
  port: number,
  connectTo: (signal: AbortSignal) => Promise<Duplex>,
  ended: (signal: AbortSignal) => Promise<string>,
  signal: AbortSignal,
): Promise<ForwardedPort> {
  const stop = new AbortController();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    join(socket, connectTo, stop.signal);
  });
  const localPort = await listen(server, port);
  const { promise: closed, resolve } = Promise.withResolvers<string | null>();
  const close = (reason: string | null): void => {
    signal.removeEventListener('abort', onAbort);
    stop.abort();
    server.close(() => {
      resolve(reason);
    });
  };
  const onAbort = (): void => {
    close(null);
  };
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) {
    close(null);
    await closed;
    signal.throwIfAborted();
  }
  void ended(stop.signal).then(
    (reason) => {
      if (!stop.signal.aborted) {
        close(reason);
      }
    },
    () => undefined,
  );
  return { localPort, closed, close: onAbort };
}

async function listen(server: Server, port: number): Promise<number> {
  for (const wanted of [port, 0]) {
    server.listen(wanted, '127.0.0.1');
    try {
      await once(server, 'listening');
      const address = server.address();
      if (typeof address === 'object' && address !== null) {
        return address.port;
      }
    } catch (error) {
      if (wanted === 0) {
        throw new ProviderError('transient', 'No port of this machine can be listened at.', { cause: error });
      }
    }
  }
  throw new ProviderError('transient', 'No port of this machine can be listened at.');
}

function join(socket: Socket, connectTo: (signal: AbortSignal) => Promise<Duplex>, signal: AbortSignal): void {
  const drop = (): void => {
    socket.destroy();
  };
  socket.on('error', drop);
  signal.addEventListener('abort', drop);
  socket.once('close', () => {
    signal.removeEventListener('abort', drop);
  });
  connectTo(signal).then((remote) => {
    remote.on('error', drop);
    remote.once('close', drop);
    socket.once('close', () => {
      remote.destroy();
    });
    if (socket.destroyed) {
      remote.destroy();
      return;
    }
    socket.pipe(remote);
    remote.pipe(socket);
  }, drop);
}
