import { connect, createServer, type Server, type Socket } from 'node:net';
import * as z from 'zod/mini';
import type { ForwardedPort, Json, Shell } from '../../../src/core/provider.ts';
import { isProviderError } from '../../../src/core/providerError.ts';
import type { Transport } from './transport.ts';
import { shellItemSchema } from './wire.ts';

type Member = { readonly [key: string]: Json };

/** The client's end of a shell. Input goes out in the order it came. */
export async function openShell(transport: Transport, member: Member, signal: AbortSignal): Promise<Shell> {
  const closed = new AbortController();
  const until = AbortSignal.any([signal, closed.signal]);
  const items = transport.stream('shell', member, until)[Symbol.asyncIterator]();
  const first = await items.next();
  const { session } = z.parse(z.object({ session: z.string() }), first.value);
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  let exitCode: number | null = null;
  let sending: Promise<unknown> = Promise.resolve();
  const send = (operation: 'shellInput' | 'shellResize', body: Member): void => {
    sending = sending
      .then(async () => transport.call(operation, { session, ...body }, until))
      .catch((error: unknown) => {
        if (!closed.signal.aborted) {
          failed.reject(error);
        }
      });
  };
  async function* output(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const next = await Promise.race([items.next(), failed.promise]);
        if (next.done === true) {
          return;
        }
        const item = z.parse(shellItemSchema, next.value);
        if ('base64' in item) {
          yield Buffer.from(item.base64, 'base64');
        } else if ('exitCode' in item) {
          ({ exitCode } = item);
        }
      }
    } catch (error) {
      if (!closed.signal.aborted) {
        throw error;
      }
    } finally {
      closed.abort();
    }
  }
  return {
    output: output(),
    exitCode: () => exitCode,
    write: (bytes) => {
      send('shellInput', { base64: Buffer.from(bytes).toString('base64') });
    },
    resize: ({ columns, rows }) => {
      send('shellResize', { columns, rows });
    },
    close: () => {
      closed.abort();
    },
  };
}

/** The client's end of a forwarded port: it listens here, and each connection is one to where the backend says the port is. */
export async function forwardPort(
  transport: Transport,
  member: Member,
  port: number,
  signal: AbortSignal,
): Promise<ForwardedPort> {
  const closing = new AbortController();
  const until = AbortSignal.any([signal, closing.signal]);
  const items = transport.stream('forward', { ...member, port }, until)[Symbol.asyncIterator]();
  const first = await items.next();
  const { tcpPort } = z.parse(z.object({ tcpPort: z.nullable(z.number()) }), first.value);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (tcpPort === null) {
      socket.destroy();
      return;
    }
    const other = connect(tcpPort, '127.0.0.1');
    for (const one of [socket, other]) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        sockets.delete(one);
        socket.destroy();
        other.destroy();
      });
    }
    socket.pipe(other).pipe(socket);
  });
  const localPort = await listenNear(server, port);
  const shut = (): void => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  const closed = items.next().then(
    () => {
      shut();
      return closing.signal.aborted ? null : 'the job does not run any more';
    },
    (error: unknown) => {
      shut();
      return until.aborted ? null : isProviderError(error) ? error.message : String(error);
    },
  );
  return {
    localPort,
    closed,
    close: () => {
      closing.abort();
    },
  };
}

async function listenNear(server: Server, wanted: number): Promise<number> {
  for (const port of [wanted, 0]) {
    const listening = await new Promise<boolean>((resolve) => {
      server.once('error', () => {
        resolve(false);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(true);
      });
    });
    const address = server.address();
    if (listening && typeof address === 'object' && address !== null) {
      return address.port;
    }
  }
  throw new Error('no port is free');
}
