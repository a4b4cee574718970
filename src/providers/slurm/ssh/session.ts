import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import type { ClientChannel, ExecOptions, SFTPWrapper } from 'ssh2';

import type { TerminalSize } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { ChannelEnd, ScriptChannel } from '../script/channel.ts';
import { ChannelQueue } from './channelQueue.ts';
import type { OpenClient } from './connect.ts';
import { connectionLost } from './failure.ts';
import { untilAborted } from './untilAborted.ts';
import { watchForSleep } from './sleepWatch.ts';

/** RFC 4254, 5.1. */
const administrativelyProhibited = 1;

/** How often a host that has no session free is asked. */
const mostTries = 10;

/** A command on a terminal, under way. */
export interface TerminalChannel extends ScriptChannel {
  resize(size: TerminalSize): void;
}

/** One connection that everything shares, from when we were let in until it breaks off. */
export class Session {
  readonly #open: OpenClient;
  readonly #queue = new ChannelQueue();
  readonly #lost = new AbortController();
  readonly #stopWatching: () => void;
  #sftp: Promise<SFTPWrapper | null> | null = null;
  #sftpUsers = 0;
  #offersSftp = true;

  constructor(open: OpenClient) {
    this.#open = open;
    open.client.on('error', (error) => {
      this.#end(error.message);
    });
    open.client.once('close', () => {
      this.#end('It was closed by the other side.');
    });
    this.#stopWatching = watchForSleep(open.client, () => {
      this.#end('It did not outlive the sleep of this machine.');
    });
  }

  /** Whether it has not been seen to break off. */
  get isOpen(): boolean {
    return !this.#lost.signal.aborted;
  }

  get account(): string {
    return `${this.#open.config.user}@${this.where}`;
  }

  get where(): string {
    return this.#open.config.hostName;
  }

  /** Aborted, with a `transient` error, when the connection breaks off. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** A command line for the login shell. `longLived`: it may stay for hours. */
  async execute(commandLine: string, longLived: boolean, signal: AbortSignal): Promise<ScriptChannel> {
    return this.#session(longLived, signal, this.#scriptChannel, (done) => {
      this.#open.client.exec(commandLine, done);
    });
  }

  /** The same on a terminal. */
  async executeOnTerminal(
    commandLine: string,
    pty: Exclude<ExecOptions['pty'], boolean | undefined>,
    signal: AbortSignal,
  ): Promise<TerminalChannel> {
    const prepare = (channel: ClientChannel, release: () => void): TerminalChannel => ({
      ...this.#scriptChannel(channel, release),
      resize: ({ columns, rows }) => {
        channel.setWindow(rows, columns, 0, 0);
      },
    });
    return this.#session(true, signal, prepare, (done) => {
      this.#open.client.exec(commandLine, { pty }, done);
    });
  }

  /**
   * With the one channel for files, which is closed when nobody needs it: some hosts open only two. null when the host offers none,
   * or talks before it speaks SFTP.
   */
  async *withSftp<T>(
    signal: AbortSignal,
    use: (sftp: SFTPWrapper | null) => AsyncIterable<T>,
  ): AsyncGenerator<T, void> {
    if (!this.#offersSftp) {
      yield* use(null);
      return;
    }
    this.#sftpUsers += 1;
    this.#sftp ??= this.#openSftp();
    try {
      yield* use(await untilAborted(signal, this.#sftp));
    } finally {
      this.#sftpUsers -= 1;
      if (this.#sftpUsers === 0) {
        const unused = this.#sftp;
        this.#sftp = null;
        unused?.then(
          (sftp) => sftp?.end(),
          () => undefined,
        );
      }
    }
  }

  /** A TCP connection from there. */
  async forward(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
    this.#ask(() => {
      this.#open.client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        if (error === undefined) {
          resolve(channel);
        } else {
          reject(this.#forwardError(error, `${host}:${port}`));
        }
      });
    });
    try {
      return await untilAborted([signal, this.lost], promise);
    } catch (error) {
      promise.then(
        (channel) => channel.destroy(),
        () => undefined,
      );
      throw error;
    }
  }

  close(): void {
    this.#end('It was closed on purpose.');
  }

  #openSftp(): Promise<SFTPWrapper | null> {
    const opening = this.#tryToOpenSftp(() => {
      this.#sftp = this.#sftp === opening ? null : this.#sftp;
    });
    return opening;
  }

  async #tryToOpenSftp(closed: () => void): Promise<SFTPWrapper | null> {
    const prepare = (sftp: SFTPWrapper, release: () => void) => {
      sftp.on('error', () => undefined);
      sftp.once('close', () => {
        closed();
        release();
      });
      return { sftp, close: () => sftp.end() };
    };
    try {
      const { sftp } = await this.#session(false, new AbortController().signal, prepare, (done) => {
        this.#open.client.sftp(done);
      });
      return sftp;
    } catch {
      this.lost.throwIfAborted();
      this.#offersSftp = false;
      return null;
    }
  }

  /**
   * Opens a channel of type `session`, when there is room for one. `prepare` gets it in the same turn in which it came, before the
   * events that may have come with it, and what gives its place back. What comes too late is closed.
   */
  async #session<Channel, Prepared extends { close(): void }>(
    longLived: boolean,
    signal: AbortSignal,
    prepare: (channel: Channel, release: () => void) => Prepared,
    open: (done: (error: Error | undefined, channel: Channel) => void) => void,
  ): Promise<Prepared> {
    for (let tries = 1; ; tries += 1) {
      const release = await untilAborted(this.lost, this.#queue.acquire(longLived, signal));
      const { promise, resolve, reject } = Promise.withResolvers<Prepared>();
      let isWanted = true;
      const opened = (error: Error | undefined, channel: Channel): void => {
        if (error !== undefined) {
          reject(error);
          return;
        }
        const prepared = prepare(channel, release);
        resolve(prepared);
        if (!isWanted) {
          prepared.close();
        }
      };
      try {
        this.#ask(() => {
          open(opened);
        });
        return await untilAborted([signal, this.lost], promise);
      } catch (error) {
        isWanted = false;
        // Its place is free when it was not opened; one that is, gives it back itself.
        const isFull = reasonOf(error) !== undefined;
        const mayWait = isFull && (this.#queue.shrink(longLived) || tries < mostTries);
        promise.catch(release);
        signal.throwIfAborted();
        if (!mayWait) {
          throw error instanceof ProviderError ? error : this.#openError(error);
        }
        // sshd counts a session until its process was seen to end, which is a moment after it closed the channel.
        await untilAborted([signal, this.lost], delay(100));
      }
    }
  }

  readonly #scriptChannel = (channel: ClientChannel, release: () => void): ScriptChannel => {
    const { promise: ended, resolve, reject } = Promise.withResolvers<ChannelEnd>();
    ended.catch(() => undefined);
    let end: ChannelEnd | null = null;
    channel.once('exit', (exitCode: number | null, killer?: string) => {
      end = { exitCode, signal: killer ?? null };
    });
    channel.once('close', () => {
      release();
      if (end === null) {
        reject(connectionLost(this.where, 'A command ended without saying how.'));
      } else {
        resolve(end);
      }
    });
    return {
      stdin: channel,
      stdout: channel,
      stderr: channel.stderr,
      ended,
      close: () => {
        channel.close();
        // Its end is told only after everything was read.
        channel.resume();
        channel.stderr.resume();
      },
    };
  };

  #ask(request: () => void): void {
    try {
      request();
    } catch (error) {
      // "Not connected": the socket has gone, which is about to be told.
      throw connectionLost(this.where, error instanceof Error ? error.message : String(error));
    }
  }

  #openError(error: unknown): ProviderError {
    const raw = error instanceof Error ? error.message : String(error);
    return new ProviderError('transient', `${this.where} does not start a command.`, {
      raw,
      remedy: 'It may be overloaded, or allow no more sessions (MaxSessions).',
    });
  }

  #forwardError(error: Error, to: string): ProviderError {
    return reasonOf(error) === administrativelyProhibited
      ? new ProviderError('unsupported', `${this.where} does not permit to forward ports.`, {
          raw: error.message,
          remedy: 'Ask those who run it for AllowTcpForwarding.',
        })
      : new ProviderError('transient', `${to} does not answer.`, { raw: error.message });
  }

  #end(raw: string): void {
    if (this.isOpen) {
      this.#stopWatching();
      this.#lost.abort(connectionLost(this.where, raw));
      this.#open.close();
    }
  }
}

/** Why the server did not open a channel; undefined for any other error. Too many sessions are `connect failed` to OpenSSH. */
function reasonOf(error: unknown): number | undefined {
  const reason: unknown = error instanceof Error ? Reflect.get(error, 'reason') : undefined;
  return typeof reason === 'number' ? reason : undefined;
}
