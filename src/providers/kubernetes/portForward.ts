import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../../core/ports.ts';
import type { ForwardedPort } from '../../core/provider.ts';
import type { KubeApi } from './client/api.ts';
import { Channels } from './client/channels.ts';
import { object, resource } from './paths.ts';

/** What kubelets have spoken since 1.6: for the n-th port, channel 2n carries its bytes and 2n + 1 its errors. */
const protocols = ['v4.channel.k8s.io'];
const channel = { data: 0, error: 1 } as const;
/** The first frame of each channel names the port again, in two bytes. */
const portBytes = 2;

export interface ForwardInput {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly pod: string;
  readonly remotePort: number;
  readonly logger: Logger;
  /** Resolves, with the reason in a sentence, when the pod no longer runs. */
  readonly ended: (signal: AbortSignal) => Promise<string>;
  readonly signal: AbortSignal;
}

/** Listens on 127.0.0.1 and carries each connection over a stream of its own to a port of the pod. */
export async function forwardPodPort(input: ForwardInput): Promise<ForwardedPort> {
  const { api, signal, remotePort } = input;
  const stop = new AbortController();
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    carry(input, socket, stop.signal).catch((error: unknown) => {
      input.logger.debug(`a connection to port ${remotePort} of ${input.pod} ended`, error);
    });
  });
  const localPort = await listen(server, remotePort);
  const { promise: closed, resolve } = Promise.withResolvers<string | null>();
  const close = (reason: string | null): void => {
    stop.abort();
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
    signal.removeEventListener('abort', onAbort);
    resolve(reason);
  };
  const onAbort = (): void => {
    close(null);
  };
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) {
    close(null);
    signal.throwIfAborted();
  }
  const either = AbortSignal.any([stop.signal, api.ended]);
  input.ended(either).then(close, () => {
    close(stop.signal.aborted ? null : 'The connection to the cluster was closed.');
  });
  return {
    localPort,
    closed,
    close: () => {
      close(null);
    },
  };
}

async function listen(server: Server, wanted: number): Promise<number> {
  for (const port of [wanted, 0]) {
    server.listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      break;
    } catch (error) {
      if (port === 0) {
        throw error;
      }
    }
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : wanted;
}

async function carry(input: ForwardInput, socket: Socket, stopped: AbortSignal): Promise<void> {
  const { api, namespace, pod, remotePort } = input;
  socket.on('error', () => undefined);
  const gone = new AbortController();
  socket.once('close', () => {
    gone.abort();
  });
  const either = AbortSignal.any([stopped, gone.signal]);
  try {
    const channels = await Channels.open(
      api,
      `${object(resource.pods, namespace, pod)}/portforward`,
      { ports: remotePort },
      protocols,
      either,
    );
    const sending = send(socket, channels);
    sending.catch(() => undefined);
    await receive(socket, channels, gone.signal);
    channels.close();
  } finally {
    socket.destroy();
  }
}

async function send(socket: Socket, channels: Channels): Promise<void> {
  for await (const bytes of socket) {
    await channels.write(channel.data, bytes);
  }
  // The protocol has no half-close: what the other side still has to say may come.
}

async function receive(socket: Socket, channels: Channels, gone: AbortSignal): Promise<void> {
  const begun = new Set<number>();
  for await (const frame of channels.frames()) {
    const isFirst = !begun.has(frame.channel);
    begun.add(frame.channel);
    const bytes = isFirst ? frame.bytes.subarray(portBytes) : frame.bytes;
    if (bytes.length === 0) {
      continue;
    }
    if (frame.channel === channel.error) {
      throw new Error(bytes.toString('utf8'));
    }
    if (!socket.write(bytes)) {
      await once(socket, 'drain', { signal: gone });
    }
  }
  socket.end();
  await once(socket, 'finish', { signal: gone }).catch(() => undefined);
}
