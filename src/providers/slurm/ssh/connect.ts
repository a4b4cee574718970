import type { Duplex } from 'node:stream';

import type { Client } from 'ssh2';
import ssh2 from 'ssh2';

import type { Ask } from '../../../core/ask.ts';
import type { KeyValue, Logger } from '../../../core/ports.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { Authenticator } from './auth/authenticator.ts';
import type { Keyring } from './auth/keyring.ts';
import { Prompter } from './auth/prompter.ts';
import type { HostConfig } from './config/hostConfig.ts';
import { dial, dialByCommand } from './dial.ts';
import { connectionError, connectionLost, textOf } from './failure.ts';
import { HostKeyCheck } from './hostKeyCheck.ts';
import { Patience } from './patience.ts';
import type { SshTarget } from './target.ts';
import { untilAborted } from './untilAborted.ts';

/** A chain of jump hosts that is longer than this goes in a circle. */
const mostHops = 8;

export interface ConnectContext {
  readonly ask: Ask;
  readonly keyValue: KeyValue;
  readonly logger: Logger;
  readonly keyring: Keyring;
  resolve(target: SshTarget, signal: AbortSignal): Promise<HostConfig>;
}

/** A connection that we have been let in by. */
export interface OpenClient {
  readonly client: Client;
  readonly config: HostConfig;
  /** Ends it and the jump hosts it goes through. */
  close(): void;
}

/**
 * Connects and signs in, through jump hosts where the config says so. Rejects with a ProviderError: `auth` when the host is not the
 * right one, or we are not let in, or the person went away. The signal ends the attempt, questions and all.
 */
export async function openClient(
  config: HostConfig,
  context: ConnectContext,
  signal: AbortSignal,
  depth = 0,
): Promise<OpenClient> {
  if (depth > mostHops) {
    throw new ProviderError('invalid', `The jump hosts of ${config.alias} go in a circle.`, {
      remedy: 'Correct ProxyJump in ~/.ssh/config.',
    });
  }
  const hop = await openHop(config, context, signal, depth);
  try {
    const check = await HostKeyCheck.create(config, context.keyValue, context.logger);
    const socket = await openSocket(config, hop, signal);
    const client = await signIn(config, socket, check, context, signal);
    const close = (): void => {
      client.destroy();
      socket.destroy();
      hop?.close();
    };
    return { client, config, close };
  } catch (error) {
    hop?.close();
    throw error;
  }
}

/** The last jump host, reached through those before it; null when there is none. */
async function openHop(
  { proxy }: HostConfig,
  context: ConnectContext,
  signal: AbortSignal,
  depth: number,
): Promise<OpenClient | null> {
  const last = proxy.kind === 'jump' ? proxy.hops.at(-1) : undefined;
  if (proxy.kind !== 'jump' || last === undefined) {
    return null;
  }
  const config = await context.resolve(last, signal);
  const before = proxy.hops.slice(0, -1);
  const through: HostConfig = before.length === 0 ? config : { ...config, proxy: { kind: 'jump', hops: before } };
  return openClient(through, context, signal, depth + 1);
}

async function openSocket(config: HostConfig, hop: OpenClient | null, signal: AbortSignal): Promise<Duplex> {
  if (hop !== null) {
    const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
    const { hostName, port } = config;
    hop.client.forwardOut('127.0.0.1', 0, hostName, port, (error, channel) => {
      if (error === undefined) {
        // It would stay open in our direction after the host behind it has hung up, as no TCP connection does.
        channel.once('end', () => channel.destroy());
        resolve(channel);
      } else {
        const raw = error.message;
        reject(new ProviderError('transient', `${hop.config.hostName} does not get through to ${hostName}.`, { raw }));
      }
    });
    hop.client.once('close', () => {
      reject(connectionLost(hop.config.hostName, 'It was closed while the next host was dialled.'));
    });
    return untilAborted(signal, promise);
  }
  return config.proxy.kind === 'command' ? dialByCommand(config.proxy.command, config.alias) : dial(config, signal);
}

/** Shakes hands over a socket, checks the host's key, signs in. Whatever goes wrong, the socket is gone then. */
async function signIn(
  config: HostConfig,
  socket: Duplex,
  check: HostKeyCheck,
  context: ConnectContext,
  signal: AbortSignal,
): Promise<Client> {
  const { hostName } = config;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const client = new ssh2.Client();
  const over = new AbortController();
  const fail = (error: unknown): void => {
    reject(error);
    over.abort(error);
    client.destroy();
    socket.destroy();
  };
  const patience = new Patience(config.connectTimeoutMs, () => {
    fail(
      new ProviderError('transient', `${hostName} was silent for ${config.connectTimeoutMs / 1000} s.`, {
        remedy: 'Check the network; otherwise the host is overloaded.',
      }),
    );
  });
  const prompter = new Prompter(context.ask, patience, over.signal, fail);
  const authenticator = new Authenticator(config, context.keyring, prompter);
  const abort = (): void => {
    fail(signal.reason);
  };
  const onError = (error: Error): void => {
    if (textOf(error, 'level') === 'agent') {
      // One key less; the others are still tried.
      context.logger.debug(`A key was not used for ${hostName}: ${error.message}`);
    } else {
      fail(
        /authentication/iu.test(error.message)
          ? authenticator.refusal(error.message)
          : connectionError(error, hostName),
      );
    }
  };
  const onClose = (): void => {
    fail(
      patience.isHeld
        ? new ProviderError('auth', `${hostName} hung up because a question was not answered in time.`, {
            remedy: 'Test the connection to be asked again.',
          })
        : connectionLost(hostName, 'It was closed while signing in.'),
    );
  };
  client.on('error', onError).once('close', onClose).once('ready', resolve);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    client.connect({
      sock: socket,
      username: config.user,
      ident: 'Aloft',
      readyTimeout: 0,
      keepaliveInterval: config.keepAlive.intervalMs,
      keepaliveCountMax: config.keepAlive.count,
      algorithms: { serverHostKey: check.algorithms },
      hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
        check.check(key, prompter).then(
          () => {
            verify(true);
          },
          (error: unknown) => {
            fail(error);
            verify(false);
          },
        );
      },
      authHandler: (methods, partial, next) => {
        authenticator.next(methods, partial).then((method) => {
          if (method === false) {
            fail(authenticator.refusal(`It takes: ${methods.join(', ')}.`));
          } else {
            next(method);
          }
        }, fail);
      },
    });
    await promise;
    context.keyring.learn(authenticator.typed, signal);
    return client;
  } finally {
    patience.end();
    signal.removeEventListener('abort', abort);
    client.off('close', onClose);
    client.off('error', onError);
    // Told by its closing; an error without a listener would end the process.
    client.on('error', () => undefined);
  }
}
