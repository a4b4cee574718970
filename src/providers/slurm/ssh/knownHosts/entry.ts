import { createHmac } from 'node:crypto';

import { matchesPatternList } from '../pattern.ts';

/** One line of a known_hosts file (sshd(8)). */
export interface KnownHost {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly marker: 'cert-authority' | 'revoked' | null;
  /** Patterns with commas between them, or the hash of one name. */
  readonly names: string;
  readonly keyType: string;
  /** As it goes over the wire. */
  readonly key: Buffer;
}

/** Lines that are no entries are left out, as ssh does. */
export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line, index) => {
    const [, marker = null, names = '', keyType = '', base64 = ''] =
      /^\s*(?:@(\S+)\s+)?([^\s#@]\S*)\s+(\S+)\s+([A-Za-z0-9+/]+=*)(?:\s.*)?$/u.exec(line) ?? [];
    if (base64 === '' || !isMarker(marker)) {
      return [];
    }
    return [{ file, line: index + 1, marker, names, keyType, key: Buffer.from(base64, 'base64') }];
  });
}

/** Whether an entry is for a name as `knownHostName` gives it. */
export function isFor({ names }: KnownHost, name: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/u.exec(names) ?? [];
  return salt === undefined || hash === undefined
    ? matchesPatternList(name, names.toLowerCase().split(','))
    : hashOf(name, Buffer.from(salt, 'base64')) === hash;
}

/** What a host is called in known_hosts: its name, with the port unless that is the usual one. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** A name that nobody can read who sees the file. `salt`: 20 random bytes. */
export function hashedName(name: string, salt: Uint8Array): string {
  return `|1|${Buffer.from(salt).toString('base64')}|${hashOf(name, salt)}`;
}

/** What the key says of its own type. */
export function keyTypeOf(key: Uint8Array): string {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return bytes.length < 4 ? '' : bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1');
}

function hashOf(name: string, salt: Uint8Array): string {
  return createHmac('sha1', salt).update(name).digest('base64');
}

function isMarker(marker: string | null): marker is KnownHost['marker'] {
  return marker === null || marker === 'cert-authority' || marker === 'revoked';
}
