import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { ProviderError } from '../../core/providerError.ts';
import { addressPath, runsFolder, scratchFolder, snapshotsFolder, supervisorLogPath } from './layout.ts';
import { addressSchema, type SupervisorReply, supervisorReplySchema, type SupervisorRequest } from './message.ts';
import { hasCode, messageOf } from './nodeError.ts';
import type { LocalSettings } from './settings.ts';

const answerMs = 10_000;
const startMs = 15_000;
const startAgainMs = 1000;
const lookMs = 20;

/** A request without the settings, which the client adds. */
export type Ask = SupervisorRequest extends infer Request
  ? Request extends SupervisorRequest
    ? Omit<Request, 'settings'>
    : never
  : never;

/** Reaches the supervisor of a root folder, and starts one where none is. */
export class SupervisorClient {
  readonly #settings: LocalSettings;

  constructor(settings: LocalSettings) {
    this.#settings = settings;
  }

  /** The answer of the running supervisor; null when none is running. */
  async tell(ask: Ask, signal: AbortSignal): Promise<SupervisorReply | null> {
    signal.throwIfAborted();
    let answer: string;
    try {
      answer = await exchange(await this.#address(), this.#line(ask), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (isGone(error)) {
        return null;
      }
      throw error;
    }
    // It can end while we talk to it; then whole lines are missing, never parts of the work.
    return answer === '' ? null : parseReply(answer);
  }

  /** As `tell`, but starts a supervisor when none is running. Throws `transient` when it does not come up. */
  async ask(ask: Ask, signal: AbortSignal): Promise<SupervisorReply> {
    const deadline = Date.now() + startMs;
    let started: { readonly at: number; readonly child: ChildProcess } | null = null;
    for (;;) {
      const reply = await this.tell(ask, signal);
      if (reply !== null) {
        return reply;
      }
      if (Date.now() > deadline) {
        throw new ProviderError('transient', 'The supervisor of jobs on this machine does not start.', {
          remedy: `Its own messages are in ${supervisorLogPath(this.#settings.root)}.`,
        });
      }
      // Several may start one; all but the first find the folder locked and end. That one needs a moment too.
      const ended = started !== null && (started.child.exitCode !== null || started.child.signalCode !== null);
      if (started === null || (ended && Date.now() - started.at > startAgainMs)) {
        started = { at: Date.now(), child: await this.#start() };
      }
      await sleep(lookMs, undefined, { signal }).catch(() => {
        signal.throwIfAborted();
      });
    }
  }

  /** Names of runs whose state changes, as long as the running supervisor lives; none when none is running. */
  async *changes(signal: AbortSignal): AsyncGenerator<string, void> {
    let socket: Socket | undefined;
    const hangUp = (): void => {
      socket?.destroy();
    };
    signal.addEventListener('abort', hangUp);
    try {
      socket = connect(await this.#address());
      socket.write(this.#line({ ask: 'watch' }));
      let rest = '';
      for await (const chunk of socket.setEncoding('utf8')) {
        const lines = `${rest}${String(chunk)}`.split('\n');
        rest = lines.pop() ?? '';
        yield* lines;
      }
    } catch (error) {
      if (!signal.aborted && !isGone(error)) {
        throw error;
      }
    } finally {
      signal.removeEventListener('abort', hangUp);
      hangUp();
    }
  }

  async #address(): Promise<string> {
    return z.parse(addressSchema, JSON.parse(await readFile(addressPath(this.#settings.root), 'utf8'))).socket;
  }

  #line(ask: Ask): string {
    const { slots, graceSeconds } = this.#settings;
    return `${JSON.stringify({ ...ask, settings: { slots, graceSeconds } })}\n`;
  }

  async #start(): Promise<ChildProcess> {
    const { root, slots, graceSeconds, nodePath, supervisorPath } = this.#settings;
    await makeFolders(root);
    const log = openSync(supervisorLogPath(root), 'a', 0o600);
    try {
      const child = spawn(nodePath, [supervisorPath, JSON.stringify({ root, settings: { slots, graceSeconds } })], {
        cwd: root,
        detached: true,
        // An editor's own executable is an Electron; this makes it a Node.
        env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
        stdio: ['ignore', 'ignore', log],
      });
      const spawned = Promise.withResolvers<void>();
      child.once('spawn', spawned.resolve);
      child.once('error', spawned.reject);
      await spawned.promise;
      child.unref();
      return child;
    } catch (error) {
      throw new ProviderError(
        'invalid',
        `The supervisor of jobs on this machine cannot be started: ${messageOf(error)}`,
        {
          remedy: `Check that ${nodePath} is there and can be run.`,
          cause: error,
        },
      );
    } finally {
      closeSync(log);
    }
  }
}

/** The folders of a root; nobody else may look into them. */
export async function makeFolders(root: string): Promise<void> {
  for (const folder of [root, runsFolder(root), snapshotsFolder(root), scratchFolder(root)]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
}

/** True when the error means that no supervisor is there. */
function isGone(error: unknown): boolean {
  return hasCode(error, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE') || error instanceof SyntaxError;
}

const errorReply = z.object({ error: z.string() });

function parseReply(answer: string): SupervisorReply {
  const reply = z.parse(z.union([supervisorReplySchema, errorReply]), JSON.parse(answer));
  if ('error' in reply) {
    throw new ProviderError('transient', `The supervisor of jobs on this machine failed: ${reply.error}`, {
      raw: reply.error,
    });
  }
  return reply;
}

async function exchange(path: string, line: string, signal: AbortSignal): Promise<string> {
  const socket = connect(path);
  const timeout = AbortSignal.timeout(answerMs);
  const giveUp = (): void => {
    socket.destroy(
      new ProviderError('transient', 'The supervisor of jobs on this machine does not answer.', {
        remedy: 'It may be stopped or very busy; it is asked again.',
      }),
    );
  };
  timeout.addEventListener('abort', giveUp);
  signal.addEventListener('abort', giveUp);
  try {
    socket.write(line);
    return await text(socket);
  } finally {
    timeout.removeEventListener('abort', giveUp);
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
  }
}
