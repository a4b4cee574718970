import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect } from 'vitest';
import type { AttemptMember, ForwardedPort, Handle } from '../../src/core/provider.ts';
import { isProviderError } from '../../src/core/providerError.ts';
import { expectSentence } from './expectSentence.ts';
import { type Harness, never, rejection } from './harness.ts';

const first: AttemptMember = { task: 0, node: 0 };

export function describePorts(harness: Harness): void {
  /** A running job and the port that it listens on. */
  const serving = async (): Promise<{ readonly handle: Handle; readonly port: number }> => {
    const { serves } = harness.scenarios;
    if (serves === undefined) {
      throw new Error('The set-up has no scenario "serves", though its provider forwards ports.');
    }
    const handle = await harness.submit(serves.command);
    let text = '';
    for await (const item of harness.connection.logs(handle, null, never())) {
      text += item.kind === 'bytes' && item.stream.name === 'stdout' ? Buffer.from(item.bytes).toString() : '';
      const port = /^port (\d+)\n/u.exec(text)?.[1];
      if (port !== undefined) {
        await harness.until(handle, ({ state }) => state === 'running');
        return { handle, port: Number(port) };
      }
    }
    throw new Error(`The job ended before it said on which port it listens: ${text}`);
  };
  const forward = async (handle: Handle, port: number, signal = never()): Promise<ForwardedPort> => {
    const forwarded = await harness.connection.forwardPort?.(handle, first, port, signal);
    if (forwarded === undefined) {
      throw new Error('The connection has no forwardPort.');
    }
    return forwarded;
  };

  describe('forwardPort', () => {
    harness.itIfAble('portForward', 'carries bytes both ways, through several connections at once', async () => {
      const { handle, port } = await serving();
      const forwarded = await forward(handle, port);
      const sent = [randomBytes(1), randomBytes(10_000), randomBytes(1_000_000)];
      const received = await Promise.all(sent.map(async (bytes) => await echoed(forwarded.localPort, bytes)));
      for (const [index, bytes] of sent.entries()) {
        expect(received[index]?.equals(bytes)).toBe(true);
      }
      forwarded.close();
      expect(await forwarded.closed).toBeNull();
    });

    harness.itIfAble('portForward', 'takes another port here when that one is busy', async () => {
      const { handle, port } = await serving();
      const busy = createServer().listen(port, '127.0.0.1');
      // Busy already where the job runs on this very machine.
      await Promise.race([once(busy, 'listening'), once(busy, 'error')]).catch(() => undefined);
      try {
        const forwarded = await forward(handle, port);
        expect(forwarded.localPort).not.toBe(port);
        const bytes = randomBytes(500);
        expect((await echoed(forwarded.localPort, bytes)).equals(bytes)).toBe(true);
        forwarded.close();
        await forwarded.closed;
      } finally {
        busy.close();
      }
    });

    harness.itIfAble('portForward', 'can be reached from this machine alone', async () => {
      const { handle, port } = await serving();
      const forwarded = await forward(handle, port);
      const outward = Object.values(networkInterfaces())
        .flatMap((addresses) => addresses ?? [])
        .filter(({ internal, family }) => !internal && family === 'IPv4');
      for (const { address } of outward) {
        expect(await isOpen(forwarded.localPort, address), address).toBe(false);
      }
      forwarded.close();
      await forwarded.closed;
    });

    harness.itIfAble(
      'portForward',
      'to a port that nobody listens on: refuses, or closes each connection',
      async () => {
        const { handle, port } = await serving();
        const unused = await portOfNobody();
        const outcome = await forward(handle, unused.port).catch((error: unknown) => error);
        if (isForwarded(outcome)) {
          expect(await echoed(outcome.localPort, Buffer.from('anybody there?')).catch(() => Buffer.of())).toHaveLength(
            0,
          );
          outcome.close();
          await outcome.closed;
        } else {
          expect(isProviderError(outcome), String(outcome)).toBe(true);
        }
        unused.release();
        const good = await forward(handle, port);
        expect((await echoed(good.localPort, Buffer.from('yes'))).toString()).toBe('yes');
        good.close();
        await good.closed;
      },
    );

    harness.itIfAble('portForward', 'ends with the attempt, and says so', async () => {
      const { handle, port } = await serving();
      const forwarded = await forward(handle, port);
      await harness.connection.cancel(handle, never());
      const reason = await forwarded.closed;
      expect(reason).not.toBeNull();
      expectSentence(reason ?? '');
      expect(await isOpen(forwarded.localPort)).toBe(false);
    });

    harness.itIfAble('portForward', 'ends when it is closed, with connections under way', async () => {
      const { handle, port } = await serving();
      const forwarded = await forward(handle, port);
      const socket = connect(forwarded.localPort, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      const ended = once(socket, 'close');
      forwarded.close();
      expect(await forwarded.closed).toBeNull();
      await ended;
      expect(await isOpen(forwarded.localPort)).toBe(false);
      expect((await harness.observe(handle)).state).toBe('running');
    });

    harness.itIfAble('portForward', 'ends with its signal, before and after it is open', async () => {
      const { handle, port } = await serving();
      const reason = new Error('stopped by the test');
      expect(await rejection(forward(handle, port, AbortSignal.abort(reason)))).toBe(reason);
      const stop = new AbortController();
      const forwarded = await forward(handle, port, stop.signal);
      stop.abort(reason);
      expect(await forwarded.closed).toBeNull();
      expect(await isOpen(forwarded.localPort)).toBe(false);
    });

    harness.itIfAble('portForward', 'is refused in an attempt that has ended', async () => {
      const ended = await harness.submit(harness.scenarios.prints.command);
      await harness.end(ended);
      expect(isProviderError(await rejection(forward(ended, 6006)))).toBe(true);
    });
  });
}

function isForwarded(outcome: unknown): outcome is ForwardedPort {
  return typeof outcome === 'object' && outcome !== null && 'localPort' in outcome;
}

/** Sends the bytes and half-closes; what came back until the other side closed. */
async function echoed(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let length = 0;
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes.length) {
      socket.end();
      socket.destroy();
    }
  });
  socket.write(bytes);
  socket.on('end', () => {
    socket.destroy();
  });
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

async function isOpen(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect(port, host);
  const opened = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => {
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
  socket.destroy();
  return opened;
}

/**
 * A port of this machine that refuses connections and that nobody can listen on until it is released: one that listened there
 * itself would be what it forwards to, where the job runs on this very machine.
 */
async function portOfNobody(): Promise<{ readonly port: number; readonly release: () => void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const holder = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  await once(holder, 'connect');
  return {
    port: holder.localPort ?? 0,
    release: () => {
      holder.destroy();
      server.close();
    },
  };
}
