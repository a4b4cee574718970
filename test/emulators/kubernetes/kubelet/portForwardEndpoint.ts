import type { IncomingMessage } from 'node:http';
import { type Socket, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { badRequest } from '../api/status.ts';
import { listensHere } from './ownListener.ts';

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
export async function servePortForward(call: PortForwardCall): Promise<void> {
  const { incoming, socket, head, podAddress, podUid } = call;
  const offered = (incoming.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(protocol)) {
    throw badRequest(`unable to upgrade: unknown websocket protocols [${offered.join(' ')}]`);
  }
  const ports = portsOf(call.query);
  const targets = await Promise.all(ports.map(async (port) => ({ port, host: await reachableHost(podAddress, port) })));
  const server = new WebSocketServer({ noServer: true, handleProtocols: () => protocol, perMessageDeflate: false });
  server.handleUpgrade(incoming, socket, head, (ws) => {
    ws.on('error', () => undefined);
    const sockets = targets.map((target, index) => forward(ws, target, index, podUid));
    ws.on('message', (data: Buffer) => {
      const channel = data[0] ?? 0;
      const target = channel % 2 === 0 ? sockets[channel / 2] : undefined;
      if (target !== undefined && !target.write(data.subarray(1))) {
        ws.pause();
        target.once('drain', () => ws.resume());
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

function portsOf(query: URLSearchParams): number[] {
  const ports = query
    .getAll('ports')
    .flatMap((text) => text.split(','))
    .map(Number);
  if (ports.length === 0) {
    throw badRequest('query parameter "ports" is required');
  }
  if (ports.some((port) => !Number.isInteger(port) || port < 1 || port > 65_535)) {
    throw badRequest('query parameter "ports" is invalid: port must be between 1 and 65535');
  }
  return ports;
}

function forward(ws: WebSocket, { port, host }: { port: number; host: string }, index: number, uid: string): Socket {
  const send = (channel: number, bytes: Buffer): void => {
    if (ws.readyState === ws.OPEN) {
      ws.send(Buffer.concat([Buffer.from([channel]), bytes]));
    }
  };
  const number = Buffer.alloc(2);
  number.writeUInt16LE(port);
  send(index * 2, number);
  send(index * 2 + 1, number);
  const socket = connect({ host, port });
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
async function reachableHost(podAddress: string, port: number): Promise<string> {
  const isOpen = await new Promise<boolean>((resolve) => {
    const probe = connect({ host: podAddress, port });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  // A port that is forwarded from here would otherwise be forwarded to itself.
  return isOpen || (await listensHere(port)) ? podAddress : '127.0.0.1';
}
