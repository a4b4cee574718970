import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import * as z from 'zod/mini';
import type { Json } from '../../../src/core/provider.ts';
import type { ScriptedCloud } from './cloud.ts';
import type { StreamItem } from './cloudStreams.ts';
import { ConnectionLost, scriptedError } from './fault.ts';
import type { ScriptedJob } from './scriptedJob.ts';
import { ScriptedShell } from './shell.ts';

const memberSchema = z.object({ id: z.string(), task: z.number(), node: z.number() });
const sizeSchema = z.object({ columns: z.number(), rows: z.number() });

/** What stays open between a client and a running job: shells, and ports that are forwarded. */
export class Links {
  readonly #cloud: ScriptedCloud;
  readonly #shells = new Map<string, ScriptedShell>();
  readonly #open = new Set<AbortController>();
  #opened = 0;

  constructor(cloud: ScriptedCloud) {
    this.#cloud = cloud;
  }

  /** Every one that is open dies; the jobs do not notice. */
  lose(): void {
    for (const link of this.#open) {
      link.abort(new ConnectionLost());
    }
  }

  async *shell(body: Json, signal: AbortSignal): AsyncGenerator<StreamItem> {
    const job = this.#member(body);
    const { node } = z.parse(memberSchema, body);
    const shell = new ScriptedShell(
      `ada@node-${node}:~$ `,
      z.parse(sizeSchema, body),
      this.#cloud.conditions.chunkBytes,
    );
    this.#opened += 1;
    const session = String(this.#opened);
    this.#shells.set(session, shell);
    try {
      yield { item: { session }, bytes: 0 };
      yield* this.#whileRunning(job, signal, async function* prints(until) {
        for (let bytes = await shell.next(until); bytes !== undefined; bytes = await shell.next(until)) {
          yield { item: { base64: Buffer.from(bytes).toString('base64') }, bytes: bytes.length };
        }
        yield { item: { exitCode: shell.exitCode }, bytes: 0 };
      });
    } finally {
      this.#shells.delete(session);
    }
  }

  input(body: Json): null {
    const { session, base64 } = z.parse(z.object({ session: z.string(), base64: z.string() }), body);
    this.#shell(session).write(Buffer.from(base64, 'base64'));
    return null;
  }

  resize(body: Json): null {
    const { session } = z.parse(z.object({ session: z.string() }), body);
    this.#shell(session).resize(z.parse(sizeSchema, body));
    return null;
  }

  /** Says where the job's port is to be found, then nothing more for as long as it is. */
  async *forward(body: Json, signal: AbortSignal): AsyncGenerator<StreamItem> {
    const job = this.#member(body);
    const { port } = z.parse(z.object({ port: z.number() }), body);
    const page = Object.hasOwn(job.ports, port) ? job.ports[String(port)] : undefined;
    const server = page === undefined ? null : await listen(page);
    try {
      yield { item: { tcpPort: server === null ? null : server.port }, bytes: 0 };
      yield* this.#whileRunning(job, signal, async function* nothing(until) {
        until.throwIfAborted();
        await new Promise((_, reject) => {
          until.addEventListener('abort', () => {
            reject(until.reason);
          });
        });
      });
    } finally {
      server?.close();
    }
  }

  /** The items, until the job does not run any more or the link is lost. */
  async *#whileRunning(
    job: ScriptedJob,
    signal: AbortSignal,
    items: (until: AbortSignal) => AsyncIterable<StreamItem>,
  ): AsyncGenerator<StreamItem> {
    const link = new AbortController();
    const jobEnded = new Error('the job does not run any more');
    const until = AbortSignal.any([signal, link.signal]);
    this.#open.add(link);
    const watching = this.#untilItStops(job, until).then(
      () => {
        link.abort(jobEnded);
      },
      () => undefined,
    );
    try {
      yield* items(until);
    } catch (error) {
      if (error !== jobEnded) {
        throw error;
      }
    } finally {
      this.#open.delete(link);
      link.abort();
      await watching;
    }
  }

  async #untilItStops(job: ScriptedJob, signal: AbortSignal): Promise<void> {
    const { changes, clock } = this.#cloud;
    while (this.#cloud.settle(job).isRunning) {
      await changes.next(job.nextChangeAt(null), clock, signal);
    }
  }

  #member(body: Json): ScriptedJob {
    const { id, task, node } = z.parse(memberSchema, body);
    const job = this.#cloud.job(id);
    if (!job.isRunning) {
      throw scriptedError('conflict', 'FAILED_PRECONDITION: the job is not running');
    }
    if (!job.hasMember(task, node)) {
      throw scriptedError('notFound', `NOT_FOUND: no replica ${task}-${node}`);
    }
    return job;
  }

  #shell(session: string): ScriptedShell {
    const shell = this.#shells.get(session);
    if (shell === undefined) {
      throw scriptedError('notFound', `NOT_FOUND: no session ${session}`);
    }
    return shell;
  }
}

/** A real TCP port: it serves the page, or without one sends back what it gets. */
async function listen(page: string | null): Promise<{ readonly port: number; close(): void }> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (page === null) {
      socket.pipe(socket);
      return;
    }
    socket.once('data', () => {
      const body = Buffer.from(page);
      const head = `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
      socket.end(Buffer.concat([Buffer.from(head), body]));
    });
  });
  server.unref();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, close: () => server.close() };
}
