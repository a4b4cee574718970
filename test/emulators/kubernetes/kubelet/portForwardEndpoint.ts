import type { IncomingMessage } from 'node:http';
import { type Socket, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { badRequest } from '../api/status.ts';

/**
 * What a kubelet speaks over a WebSocket: two channels for each port, data and error, that begin with the port's number. A
 * server from 1.31 on also takes `SPDY/3.1+portforward.k8s.io`, the tunnel that kubectl prefers; that is not emulated.
 */
const protocol = 'v4.channel.k8s.io';

export interface PortForwardCall {
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly query: URLSearchParams;
  readonly podAddress: string;
  readonly podUid: string;
}

/** `portforward` over a WebSocket: one connection to each port that is asked for. */
export function servePortForward({ incoming, socket, head, query, podAddress, podUid }: PortForwardCall): void {
  const ports = query
    .getAll('ports')
    .flatMap((text) => text.split(','))
    .map(Number);
  if (ports.length === 0) {
    throw badRequest('query parameter "ports" is required');
  }
  const wrong = ports.find((port) => !Number.isInteger(port) || port < 1 || port > 65_535);
  if (wrong !== undefined) {
    throw badRequest(`query parameter "ports" is invalid: port must be between 1 and 65535`);
  }
  const offered = (incoming.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(protocol)) {
    throw badRequest(`unable to upgrade: unknown websocket protocols [${offered.join(' ')}]`);
  }
  const server = new WebSocketServer({ noServer: true, handleProtocols: () => protocol, perMessageDeflate: false });
  server.handleUpgrade(incoming, socket, head, (ws) => {
    ws.on('error', () => undefined);
    const sockets = ports.map((port, index) => forward(ws, port, index, podAddress, podUid));
    ws.on('message', (data: Buffer) => {
      const channel = data[0] ?? 0;
      if (channel % 2 === 0) {
        const target = sockets[channel / 2];
        if (target !== undefined && !target.write(data.subarray(1))) {
          ws.pause();
          target.once('drain', () => ws.resume());
        }
      }
    });
    ws.on('close', () => sockets.forEach((one) => one.destroy()));
    let open = sockets.length;
    for (const one of sockets) {
      one.on('close', () => {
        open -= 1;
        if (open === 0) {
          ws.close(1000);
        }
      });
    }
  });
}

function forward(ws: WebSocket, port: number, index: number, address: string, uid: string): Socket {
  const send = (channel: number, bytes: Buffer): void => {
    if (ws.readyState === ws.OPEN) {
      ws.send(Buffer.concat([Buffer.from([channel]), bytes]));
    }
  };
  const number = Buffer.alloc(2);
  number.writeUInt16LE(port);
  send(index * 2, number);
  send(index * 2 + 1, number);
  const socket = connect({ host: address, port });
  socket.on('data', (chunk) => send(index * 2, chunk));
  socket.on('error', () =>
    send(
      index * 2 + 1,
      Buffer.from(
        `error forwarding port ${port} to pod ${uid.replaceAll('-', '')}, uid : failed to execute portforward in network namespace "/var/run/netns/cni-${uid}": failed to connect to localhost:${port} inside namespace "${uid.replaceAll('-', '')}", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused IPv6 dial tcp6 [::1]:${port}: connect: connection refused `,
      ),
    ),
  );
  return socket;
}

/**
 * Pods share the machine's network: a server in one may listen on the pod's own address, on all, or on 127.0.0.1, which in a
 * real pod is the pod's alone.
 */
export async function reachableAddress(podAddress: string, query: URLSearchParams): Promise<string> {
  const port = Number(query.get('ports')?.split(',')[0]);
  const isOpen = await new Promise<boolean>((resolve) => {
    const probe = connect({ host: podAddress, port });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  return isOpen ? podAddress : '127.0.0.1';
}
