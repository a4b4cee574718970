import { rm, mkdtemp, writeFile, rename } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod/mini';
import { addressPath } from '../layout.ts';
import { type SupervisorReply, type SupervisorRequest, supervisorRequestSchema } from '../message.ts';
import { messageOf } from '../nodeError.ts';

/** The system's own bound for the path of a socket is 104 bytes on macOS, 108 on Linux. */
const longestSocketPath = 100;

export interface RequestServer {
  /** Requests that are being answered. */
  readonly open: number;
  close(): Promise<void>;
}

/** Answers one line of JSON with another, on a socket that only this user can reach. */
export async function serve(
  root: string,
  answer: (request: SupervisorRequest) => Promise<SupervisorReply>,
): Promise<RequestServer> {
  const socket = await socketPath(root);
  const open = new Set<Socket>();
  const server = createServer((connection) => {
    open.add(connection);
    connection.on('close', () => open.delete(connection));
    connection.on('error', () => connection.destroy());
    createInterface({ input: connection }).on('line', (line) => {
      void reply(line, answer).then((text) => connection.end(`${text}\n`));
    });
  });
  await listen(server, socket);
  const temporary = `${addressPath(root)}.new`;
  await writeFile(temporary, JSON.stringify({ socket, pid: process.pid }), { mode: 0o600 });
  await rename(temporary, addressPath(root));
  return {
    get open() {
      return open.size;
    },
    close: async () => {
      await rm(addressPath(root), { force: true });
      const closed = Promise.withResolvers<void>();
      server.close(() => {
        closed.resolve();
      });
      await closed.promise;
      if (dirname(socket) !== root) {
        await rm(dirname(socket), { recursive: true, force: true });
      }
    },
  };
}

async function reply(line: string, answer: (request: SupervisorRequest) => Promise<SupervisorReply>): Promise<string> {
  try {
    return JSON.stringify(await answer(z.parse(supervisorRequestSchema, JSON.parse(line))));
  } catch (error) {
    return JSON.stringify({ error: messageOf(error) });
  }
}

async function socketPath(root: string): Promise<string> {
  const near = join(root, 'supervisor.sock');
  if (Buffer.byteLength(near) <= longestSocketPath) {
    await rm(near, { force: true });
    return near;
  }
  return join(await mkdtemp(join(tmpdir(), 'aloft-')), 's');
}

async function listen(server: Server, path: string): Promise<void> {
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(path, () => {
    server.off('error', listening.reject);
    listening.resolve();
  });
  await listening.promise;
}
