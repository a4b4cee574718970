import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { Duplex } from 'node:stream';

import { ProviderError } from '../../../core/providerError.ts';
import type { HostConfig } from './config/hostConfig.ts';
import { connectionError } from './failure.ts';
import { untilAborted } from './untilAborted.ts';

/** A TCP connection to the host itself. Rejects with a ProviderError when there is none in time. */
export async function dial(config: HostConfig, signal: AbortSignal): Promise<Duplex> {
  const { hostName, port, addressFamily, connectTimeoutMs } = config;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]);
  const socket = connect({ host: hostName, port, family: addressFamily, noDelay: true, keepAlive: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('connect', resolve).once('error', reject);
  try {
    await untilAborted(limit, promise);
    socket.off('error', reject);
    return socket;
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw limit.aborted
      ? new ProviderError('transient', `${hostName} did not answer within ${connectTimeoutMs / 1000} s.`, {
          remedy: 'Check the network and, where one is needed, the VPN.',
        })
      : connectionError(error, hostName);
  }
}

/** What a ProxyCommand of the person's own ssh_config says on stdout and hears on stdin, run by a shell as ssh does. */
export function dialByCommand(command: string, where: string): Duplex {
  const child = spawn(process.platform === 'win32' ? command : `exec ${command}`, {
    cwd: homedir(),
    shell: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-4096);
  });
  // That stdin or stdout is closed says less than how it ended, which follows.
  child.stdin.on('error', () => undefined);
  const duplex = new Duplex({
    read: () => {
      child.stdout.resume();
    },
    write: (bytes, _encoding, done) => {
      child.stdin.write(bytes, () => {
        done();
      });
    },
    final: (done) => {
      child.stdin.end();
      done();
    },
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  child.stdout.on('data', (bytes: Buffer) => {
    if (!duplex.push(bytes)) {
      child.stdout.pause();
    }
  });
  child.once('error', (error) => {
    duplex.destroy(error);
  });
  child.once('close', (code, killer) => {
    duplex.destroy(
      new ProviderError('transient', `The ProxyCommand for ${where} ended (${code ?? killer}).`, {
        raw: complaint.trim(),
        remedy: 'Run it in a terminal to see why.',
      }),
    );
  });
  return duplex;
}
