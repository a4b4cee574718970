import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { connect } from 'node:net';
import { homedir, hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { Duplex } from 'node:stream';

import type { Shell, TerminalSize } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import type { Finished, ShellScript, SlurmHost } from './host.ts';
import { openLocalShell } from './localShell.ts';
import { ownEnvironment } from './ownEnvironment.ts';
import type { ChannelEnd, ScriptChannel } from './script/channel.ts';
import { runScript, streamScript } from './script/execute.ts';

/** This machine, when the editor runs on a login node. */
export class LocalHost implements SlurmHost {
  readonly #name = hostname();
  readonly #disposed = new AbortController();

  async account(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    return `${userInfo().username}@${this.#name}`;
  }

  async run(script: ShellScript, signal: AbortSignal): Promise<Finished> {
    return runScript(openChannel, this.#name, script, this.#until(signal));
  }

  stream(script: ShellScript, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return streamScript(openChannel, this.#name, script, this.#until(signal));
  }

  async *readFile(path: string, offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const until = this.#until(signal);
    until.throwIfAborted();
    try {
      yield* createReadStream(resolve(homedir(), path), { start: offset, highWaterMark: 262_144, signal: until });
    } catch (error) {
      until.throwIfAborted();
      throw fileError(path, error);
    }
  }

  async openShell(script: ShellScript, size: TerminalSize, signal: AbortSignal): Promise<Shell> {
    return openLocalShell(script, size, this.#until(signal));
  }

  async connectTo(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const until = this.#until(signal);
    until.throwIfAborted();
    const socket = connect({ host, port, noDelay: true });
    const { promise, resolve: opened, reject } = Promise.withResolvers<void>();
    const abort = (): void => {
      socket.destroy();
      reject(until.reason);
    };
    until.addEventListener('abort', abort, { once: true });
    socket.once('connect', opened).once('error', (error) => {
      reject(new ProviderError('transient', `${host}:${port} does not answer.`, { raw: error.message, cause: error }));
    });
    try {
      await promise;
      return socket;
    } finally {
      until.removeEventListener('abort', abort);
    }
  }

  async dispose(): Promise<void> {
    this.#disposed.abort(new ProviderError('transient', 'The connection to this machine was closed.'));
  }

  #until(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#disposed.signal]);
  }
}

async function openChannel(commandLine: string): Promise<ScriptChannel> {
  const child = spawn('/bin/sh', ['-c', commandLine], {
    cwd: homedir(),
    env: ownEnvironment(),
    // A process group of its own, which can be ended as a whole.
    detached: true,
    stdio: 'pipe',
  });
  const { promise: ended, resolve: end, reject } = Promise.withResolvers<ChannelEnd>();
  ended.catch(() => undefined);
  child.once('error', (error) => {
    reject(
      new ProviderError('unsupported', 'This machine cannot start a shell.', { raw: error.message, cause: error }),
    );
  });
  child.once('close', (exitCode, signal) => {
    end({ exitCode, signal });
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    close: () => {
      child.stdin.destroy();
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}

function fileError(path: string, error: unknown): ProviderError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const raw = error instanceof Error ? error.message : String(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ProviderError('notFound', `There is no file ${path}.`, { raw, cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EISDIR':
      return new ProviderError('invalid', `The file ${path} cannot be read.`, { raw, cause: error });
    default:
      return new ProviderError('transient', `The file ${path} could not be read.`, { raw, cause: error });
  }
}
