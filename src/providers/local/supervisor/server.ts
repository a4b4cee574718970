import { rm, mkdtemp, writeFile, rename } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod/mini';
import type { Event } from '../../../core/event.ts';
import { addressPath } from '../layout.ts';
import { type RunName } from '../../../core/runName.ts';
import { type SupervisorReply, type SupervisorRequest, supervisorRequestSchema } from '../message.ts';
import { messageOf } from '../nodeError.ts';

/** The system's own bound for the path of a socket is 104 bytes on macOS, 108 on Linux. */
const longestSocketPath = 100;

/** Bytes a watcher may leave unread. */
const mostUnread = 1 << 20;

export interface RequestServer {
  /** Requests that are being answered; those who only watch do not count. */
  readonly open: number;
  close(): Promise<void>;
}

/** Answers one line of JSON with another, on a socket that only this user can reach. */
export async function serve(
  root: string,
  answer: (request: SupervisorRequest) => Promise<SupervisorReply>,
  changes: Event<RunName>,
): Promise<RequestServer> {
  const socket = await socketPath(root);
  const asking = new Set<Socket>();
  const watching = new Set<Socket>();
  const server = createServer((connection) => {
    asking.add(connection);
    connection.on('close', () => {
      asking.delete(connection);
      watching.delete(connection);
    });
    connection.on('error', () => connection.destroy());
    createInterface({ input: connection })
      .on('line', (line) => {
        const request = parseRequest(line);
        if (request instanceof Error) {
          connection.end(`${JSON.stringify({ error: request.message })}\n`);
        } else if (request.ask === 'watch') {
          asking.delete(connection);
          watching.add(connection);
        } else {
          void reply(request, answer).then((text) => connection.end(`${text}\n`));
        }
      })
      .on('error', () => connection.destroy());
  });
  changes((name) => {
    for (const connection of watching) {
      // Who does not listen any more is let go rather than kept in memory.
      if (connection.writableLength > mostUnread) {
        connection.destroy();
      } else {
        connection.write(`${name}\n`);
      }
    }
  });
  await listen(server, socket);
  const temporary = `${addressPath(root)}.new`;
  await writeFile(temporary, JSON.stringify({ socket, pid: process.pid }), { mode: 0o600 });
  await rename(temporary, addressPath(root));
  return {
    get open() {
      return asking.size;
    },
    close: async () => {
      await rm(addressPath(root), { force: true });
      const closed = Promise.withResolvers<void>();
      server.close(() => {
        closed.resolve();
      });
      for (const connection of watching) {
        connection.destroy();
      }
      await closed.promise;
      if (dirname(socket) !== root) {
        await rm(dirname(socket), { recursive: true, force: true });
      }
    },
  };
}

function parseRequest(line: string): SupervisorRequest | Error {
  try {
    return z.parse(supervisorRequestSchema, JSON.parse(line));
  } catch (error) {
    return new Error(messageOf(error));
  }
}

async function reply(
  request: SupervisorRequest,
  answer: (request: SupervisorRequest) => Promise<SupervisorReply>,
): Promise<string> {
  try {
    return JSON.stringify(await answer(request));
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
