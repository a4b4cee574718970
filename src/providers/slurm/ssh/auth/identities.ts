import type { IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';
import ssh2 from 'ssh2';

import { ProviderError } from '../../../../core/providerError.ts';
import type { HostConfig } from '../config/hostConfig.ts';
import { type KeyFile, readKeyFile, unlock } from './keyFile.ts';
import type { Keyring, SecretName } from './keyring.ts';
import type { Prompter } from './prompter.ts';

const agentPatienceMs = 10_000;
const mostPassphrases = 3;

/** A key that a server may be shown. */
interface Identity {
  readonly publicKey: ParsedKey;
  sign(data: Buffer, options: SigningRequestOptions): Promise<Buffer>;
}

/**
 * All keys that a host may be tried with, as one agent, in ssh's order: those of the config that the agent holds, the agent's other
 * ones, those that are in files alone. A passphrase is asked for only once the server has said that it would take the key.
 */
export class Identities extends ssh2.BaseAgent<ParsedKey> {
  readonly #identities: readonly Identity[];
  /** What the person should know when none of them was taken. */
  readonly notes: readonly string[];
  /** Locked files that do not even tell their public key. */
  readonly opaque: readonly KeyFile[];

  /** Use `collectIdentities`. */
  constructor(identities: readonly Identity[], opaque: readonly KeyFile[], notes: readonly string[]) {
    super();
    this.#identities = identities;
    this.opaque = opaque;
    this.notes = notes;
  }

  get count(): number {
    return this.#identities.length;
  }

  getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(
      null,
      this.#identities.map(({ publicKey }) => publicKey),
    );
  }

  sign(
    publicKey: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    const wire = publicKey.getPublicSSH();
    const identity = this.#identities.find((one) => one.publicKey.getPublicSSH().equals(wire));
    if (identity === undefined) {
      done?.(new Error('This key is not ours.'));
      return;
    }
    identity.sign(data, typeof options === 'function' ? {} : options).then(
      (signature) => done?.(null, signature),
      (error: unknown) => {
        done?.(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }
}

export async function collectIdentities(
  config: HostConfig,
  keyring: Keyring,
  typed: Map<SecretName, string>,
  prompter: Prompter,
): Promise<Identities> {
  const { held, note } = await keysOfAgent(config.identityAgent, prompter);
  const files = (await Promise.all(config.identityFiles.map(readKeyFile))).filter((file) => file !== null);
  const wire = (key: ParsedKey): string => key.getPublicSSH().toString('base64');
  const inAgent = new Map(held.map((identity) => [wire(identity.publicKey), identity]));
  const readable = files.flatMap((file) => (file.publicKey === null ? [] : [{ ...file, publicKey: file.publicKey }]));
  const configured = readable.map((file) => wire(file.publicKey));
  const identities = [
    ...configured.flatMap((key) => inAgent.get(key) ?? []),
    ...(config.identitiesOnly ? [] : held.filter(({ publicKey }) => !configured.includes(wire(publicKey)))),
    ...readable
      .filter(({ publicKey, isLocked }) => !inAgent.has(wire(publicKey)) && (isLocked || publicKey.isPrivateKey()))
      .map((file) => ({
        publicKey: file.publicKey,
        sign: async (data: Buffer, { hash }: SigningRequestOptions) =>
          (await openKey(file, keyring, typed, prompter)).sign(data, hash),
      })),
  ];
  return new Identities(
    identities,
    files.filter(({ publicKey }) => publicKey === null),
    note === null ? [] : [note],
  );
}

/** The private key of a file, with the passphrase that is remembered or else typed. Throws `auth` when there is none. */
export async function openKey(
  { path, text, isLocked }: KeyFile,
  keyring: Keyring,
  typed: Map<SecretName, string>,
  prompter: Prompter,
): Promise<ParsedKey> {
  const name: SecretName = `passphrase ${path}`;
  const remembered = isLocked ? await keyring.get(name) : undefined;
  const key = unlock(text, remembered);
  if (key !== null) {
    return key;
  }
  await keyring.forget(name);
  for (let attempt = 1; attempt <= mostPassphrases; attempt += 1) {
    const passphrase = await prompter.type(
      `Passphrase of ${path}`,
      attempt === 1 ? 'The key is locked.' : 'That passphrase does not open the key. Try again.',
      true,
    );
    const opened = unlock(text, passphrase);
    if (opened !== null) {
      typed.set(name, passphrase);
      return opened;
    }
  }
  throw new ProviderError('auth', `No passphrase that was typed opens ${path}.`, {
    remedy: 'Test the connection to try again.',
  });
}

/** Nothing, and why, when there is an agent that does not answer. */
async function keysOfAgent(
  socket: string | null,
  prompter: Prompter,
): Promise<{ readonly held: readonly Identity[]; readonly note: string | null }> {
  if (socket === null) {
    return { held: [], note: null };
  }
  const agent = ssh2.createAgent(socket);
  const { promise, resolve, reject } = Promise.withResolvers<readonly ParsedKey[]>();
  const timer = setTimeout(() => {
    reject(new Error('it does not answer'));
  }, agentPatienceMs);
  agent.getIdentities((error, keys) => {
    if (error !== null && error !== undefined) {
      reject(error);
      return;
    }
    resolve((keys ?? []).flatMap((key) => (isParsed(key) ? [key] : [])));
  });
  try {
    const keys = await promise;
    return {
      held: keys.map((publicKey) => ({
        publicKey,
        sign: async (data, options) => prompter.waitFor(async () => signWithAgent(agent, publicKey, data, options)),
      })),
      note: null,
    };
  } catch (error) {
    return { held: [], note: `The SSH agent at ${socket} cannot be used: ${String(error)}` };
  } finally {
    clearTimeout(timer);
  }
}

/** Agents give their keys parsed, unless they are made by others. */
function isParsed(key: object | string): key is ParsedKey {
  return typeof key === 'object' && 'getPublicSSH' in key;
}

async function signWithAgent(
  agent: ReturnType<typeof ssh2.createAgent>,
  publicKey: ParsedKey,
  data: Buffer,
  options: SigningRequestOptions,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  agent.sign(publicKey, data, options, (error, signature) => {
    if (signature === undefined) {
      reject(error ?? new Error('The agent did not sign.'));
      return;
    }
    resolve(signature);
  });
  return promise;
}
