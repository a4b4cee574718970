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
  /** Its file, or what the agent calls it. */
  readonly name: string;
  readonly publicKey: ParsedKey;
  sign(data: Buffer, options: SigningRequestOptions): Promise<Buffer>;
}

/**
 * One key as an agent. ssh2 overhears a partial success after a key, so each is tried on its own, and remembers whether it was used:
 * a server that let it sign has taken it.
 */
export class OneKey extends ssh2.BaseAgent<ParsedKey> {
  readonly #identity: Identity;
  #hasSigned = false;

  constructor(identity: Identity) {
    super();
    this.#identity = identity;
  }

  get name(): string {
    return this.#identity.name;
  }

  get hasSigned(): boolean {
    return this.#hasSigned;
  }

  getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(null, [this.#identity.publicKey]);
  }

  sign(_key: ParsedKey, data: Buffer, options: SigningRequestOptions | SignCallback, callback?: SignCallback): void {
    const done = typeof options === 'function' ? options : callback;
    this.#identity.sign(data, typeof options === 'function' ? {} : options).then(
      (signature) => {
        this.#hasSigned = true;
        done?.(null, signature);
      },
      (error: unknown) => done?.(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

/** The keys that a host may be tried with. */
export interface Identities {
  readonly keys: readonly OneKey[];
  /** Locked files that do not even tell their public key. */
  readonly opaque: readonly KeyFile[];
  /** What the person should know when none of them was taken. */
  readonly notes: readonly string[];
}

/**
 * In ssh's order: those of the config that the agent holds, the agent's other ones, those that are in files alone. A passphrase is
 * asked for only once the server has said that it would take the key.
 */
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
        name: file.path,
        publicKey: file.publicKey,
        sign: async (data: Buffer, { hash }: SigningRequestOptions) =>
          (await openKey(file, keyring, typed, prompter)).sign(data, hash),
      })),
  ];
  return {
    keys: identities.map((identity) => new OneKey(identity)),
    opaque: files.filter(({ publicKey }) => publicKey === null),
    notes: note === null ? [] : [note],
  };
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
        name: `${publicKey.comment === '' ? publicKey.type : publicKey.comment}, of the agent`,
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
