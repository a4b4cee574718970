import type { Duplex } from 'node:stream';

import type { ProviderPorts } from '../../../core/ports.ts';
import type { Shell, TerminalSize } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { Finished, ShellScript, SlurmHost } from '../host.ts';
import type { OpenChannel } from '../script/channel.ts';
import { runScript, streamScript } from '../script/execute.ts';
import { Keyring } from './auth/keyring.ts';
import { resolveHost } from './config/resolve.ts';
import { type ConnectContext, openClient } from './connect.ts';
import { readFileByCommand, readRemoteFile } from './remoteFile.ts';
import { openRemoteShell } from './remoteShell.ts';
import { Session } from './session.ts';
import { SharedSession } from './sharedSession.ts';
import { parseTarget, type SshTarget } from './target.ts';

export interface SshSettings {
  /** A host of ssh_config, or `user@host:port`. */
  readonly host: string;
  /** Another ssh_config than ~/.ssh/config; absolute. */
  readonly configFile?: string | undefined;
}

export type SshPorts = Pick<ProviderPorts, 'ask' | 'secrets' | 'keyValue' | 'logger' | 'clock'>;

/**
 * A login node over SSH. `account` is what somebody calls who wants to know whether the connection works: it alone makes good for a
 * question that was dismissed before (see `SharedSession`).
 */
export class SshHost implements SlurmHost {
  readonly #target: SshTarget;
  readonly #shared: SharedSession;

  /** Throws `invalid` for a host that cannot be one. No network: the first call connects. */
  constructor({ host, configFile }: SshSettings, ports: SshPorts) {
    this.#target = parseTarget(host);
    const resolve: ConnectContext['resolve'] = async (target, signal) =>
      resolveHost(target, configFile ?? null, signal);
    const keyring = new Keyring(ports);
    this.#shared = new SharedSession(
      async (ask, signal) => {
        const config = await resolve(this.#target, signal);
        const { keyValue, logger } = ports;
        return new Session(await openClient(config, { ask, keyValue, logger, keyring, resolve }, signal));
      },
      ports.ask,
      ports.clock,
    );
  }

  async account(signal: AbortSignal): Promise<string> {
    return (await this.#shared.openForPerson(signal)).account;
  }

  async run(script: ShellScript, signal: AbortSignal): Promise<Finished> {
    return runScript(this.#openChannel, this.#target.host, script, signal);
  }

  stream(script: ShellScript, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return streamScript(this.#openChannel, this.#target.host, script, signal);
  }

  async *readFile(path: string, offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const session = await this.#shared.open(signal);
    yield* session.withSftp(signal, (sftp) =>
      sftp === null
        ? readFileByCommand(this, path, offset, signal)
        : readRemoteFile(session, sftp, path, offset, signal),
    );
  }

  async openShell(script: ShellScript, size: TerminalSize, signal: AbortSignal): Promise<Shell> {
    return openRemoteShell(await this.#shared.open(signal), script, size, signal);
  }

  async connectTo(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
    return (await this.#shared.open(signal)).forward(host, port, signal);
  }

  async dispose(): Promise<void> {
    this.#shared.dispose(new ProviderError('transient', `The connection to ${this.#target.host} was closed.`));
  }

  readonly #openChannel: OpenChannel = async (commandLine, longLived, signal) =>
    (await this.#shared.open(signal)).execute(commandLine, longLived, signal);
}
