import { createHash } from 'node:crypto';

import type { ServerHostKeyAlgorithm } from 'ssh2';

import type { KeyValue, Logger } from '../../../core/ports.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { Prompter } from './auth/prompter.ts';
import type { HostConfig } from './config/hostConfig.ts';
import { type KnownHost, keyTypeOf } from './knownHosts/entry.ts';
import { hostNameOf, ownMemory, readKnownHosts, rememberHost } from './knownHosts/knownHosts.ts';
import { judgeHostKey, knownKeyTypes } from './knownHosts/verdict.ts';

/** In our order. SHA-1 signatures (`ssh-rsa`) and DSA are not taken, as ssh takes none since 8.8. */
const algorithms: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** Lets a host be only what it was before; a new one only when the person says that it is the right one. */
export class HostKeyCheck {
  readonly #config: HostConfig;
  readonly #memory: KeyValue;
  readonly #logger: Logger;
  readonly #known: readonly KnownHost[];
  /** Keys are shown again whenever the connection changes its keys. */
  #accepted: Buffer | null = null;

  private constructor(config: HostConfig, memory: KeyValue, logger: Logger, known: readonly KnownHost[]) {
    this.#config = config;
    this.#memory = memory;
    this.#logger = logger;
    this.#known = known;
  }

  static async create(config: HostConfig, memory: KeyValue, logger: Logger): Promise<HostKeyCheck> {
    return new HostKeyCheck(config, memory, logger, await readKnownHosts(config, memory));
  }

  /** What to ask the host for: first the types of key it is known by. */
  get algorithms(): ServerHostKeyAlgorithm[] {
    const known = knownKeyTypes(this.#known, hostNameOf(this.#config));
    const isKnown = (algorithm: string): boolean =>
      known.includes(algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm);
    return [...algorithms.filter(isKnown), ...algorithms.filter((algorithm) => !isKnown(algorithm))];
  }

  /** Rejects with `auth` unless the key is that of the host. */
  async check(key: Buffer, prompter: Prompter): Promise<void> {
    if (this.#accepted?.equals(key) === true) {
      return;
    }
    const name = hostNameOf(this.#config);
    const verdict = judgeHostKey(this.#known, name, key);
    const shown = `${keyTypeOf(key)} ${fingerprint(key)}`;
    switch (verdict.kind) {
      case 'known':
        break;
      case 'revoked':
        throw new ProviderError(
          'auth',
          `The key of ${name.host} was revoked, in line ${verdict.entry.line} of ${verdict.entry.file}.`,
          { raw: shown, remedy: 'Do not connect; ask those who run the host.' },
        );
      case 'changed':
        throw new ProviderError(
          'auth',
          `${name.host} shows another key than before. Somebody may be listening in, or the host was set up anew.`,
          {
            raw: `It shows ${shown}; line ${verdict.entry.line} of ${verdict.entry.file} has ${verdict.entry.keyType} ${fingerprint(verdict.entry.key)}.`,
            remedy: `Ask those who run the host. If the change is right, ${
              verdict.entry.file === ownMemory
                ? 'remove this connection and add it again.'
                : `remove line ${verdict.entry.line} of ${verdict.entry.file}.`
            }`,
          },
        );
      case 'unknown':
        await this.#askAbout(key, shown, verdict.certificateAuthority, prompter);
    }
    this.#accepted = key;
  }

  async #askAbout(
    key: Buffer,
    shown: string,
    certificateAuthority: KnownHost | null,
    prompter: Prompter,
  ): Promise<void> {
    const { alias, hostName, port, mayAskAboutHost } = this.#config;
    if (!mayAskAboutHost) {
      throw new ProviderError('auth', `${hostName} is not known, and StrictHostKeyChecking forbids to ask.`, {
        raw: shown,
        remedy: 'Add its key to known_hosts, as with "ssh-keyscan", once you know it is the right one.',
      });
    }
    const detail = [
      `${alias === hostName ? '' : `${alias} is `}${hostName}, port ${port}. It shows this key:`,
      shown,
      certificateAuthority === null
        ? 'Compare it with what the site publishes.'
        : `${certificateAuthority.file} trusts an authority for it (line ${certificateAuthority.line}), but Aloft cannot ask a host for a certificate. Compare the key with what the site publishes.`,
    ].join('\n\n');
    await prompter.confirm('Is this the right host?', detail, 'Connect', `${hostName} was not confirmed.`);
    const where = await rememberHost(this.#config, key, this.#memory);
    this.#logger.info(`The key of ${hostName} is now in ${where}: ${shown}`);
  }
}

/** As `ssh-keygen -l` prints it. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/u, '')}`;
}
