import { readFile } from 'node:fs/promises';

import type { ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';

/** A key of the person's, as far as it can be read without its passphrase. The private half may be with an agent alone. */
export interface KeyFile {
  readonly path: string;
  readonly text: string;
  /** null when only the passphrase would tell. */
  readonly publicKey: ParsedKey | null;
  readonly isLocked: boolean;
}

/** null when the file is not there, cannot be read, or holds a key of a kind that cannot be used here. */
export async function readKeyFile(path: string): Promise<KeyFile | null> {
  const text = await readFile(path, 'utf8').catch(async () => readFile(`${path}.pub`, 'utf8').catch(() => null));
  if (text === null) {
    return null;
  }
  const key = unlock(text);
  if (key !== null) {
    return { path, text, publicKey: key, isLocked: false };
  }
  const isLocked = /ENCRYPTED|^Encryption: (?!none)/mu.test(text) || lockedPublicKey(text) !== null;
  if (!isLocked) {
    return null;
  }
  const beside = await readFile(`${path}.pub`, 'utf8').catch(() => '');
  return { path, text, publicKey: parsed(lockedPublicKey(text) ?? beside), isLocked };
}

/** null when it is the wrong passphrase, or none is given where one is needed. */
export function unlock(text: string, passphrase?: string): ParsedKey | null {
  return parsed(text, passphrase);
}

/** The key as it goes over the wire from OpenSSH's own format, which encrypts the private half only (PROTOCOL.key). */
function lockedPublicKey(text: string): Buffer | null {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/u.exec(text)?.[1];
  const bytes = Buffer.from(base64 ?? '', 'base64');
  const magic = 'openssh-key-v1\0';
  if (bytes.subarray(0, magic.length).toString('latin1') !== magic) {
    return null;
  }
  let at = magic.length;
  const string = (): Buffer => {
    const length = bytes.length >= at + 4 ? bytes.readUInt32BE(at) : 0;
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  const cipher = string().toString('latin1');
  string();
  string();
  at += 4;
  return cipher === 'none' ? null : string();
}

function parsed(data: string | Buffer, passphrase?: string): ParsedKey | null {
  const key: unknown = ssh2.utils.parseKey(data, passphrase);
  const first: unknown = Array.isArray(key) ? key[0] : key;
  return first instanceof Error || first === undefined ? null : (first as ParsedKey);
}
