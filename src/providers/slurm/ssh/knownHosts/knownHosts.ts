import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { KeyValue } from '../../../../core/ports.ts';
import type { HostConfig } from '../config/hostConfig.ts';
import { hashedName, type KnownHost, keyTypeOf, parseKnownHosts } from './entry.ts';
import { type HostName, namesOf } from './verdict.ts';

/** Under which hosts are remembered that could not be written to a file; the value is text of a known_hosts file. */
const memoryKey = 'ssh.knownHosts';

/** Where a host is known from when it was remembered by us, not by a file. */
export const ownMemory = 'the memory of Aloft';

/** How known_hosts files call the host of a config. */
export function hostNameOf({ hostKeyAlias, hostName, port }: HostConfig): HostName {
  return { host: hostKeyAlias ?? hostName, port, hasAlias: hostKeyAlias !== null };
}

/** All that is known of hosts, from the files of a config and our own memory. Files that are not there hold nothing. */
export async function readKnownHosts(config: HostConfig, memory: KeyValue): Promise<readonly KnownHost[]> {
  const files = await Promise.all(
    [...config.userKnownHosts, ...config.globalKnownHosts].map(async (file) =>
      parseKnownHosts(await readFile(file, 'utf8').catch(() => ''), file),
    ),
  );
  return [...files.flat(), ...parseKnownHosts(memory.get(memoryKey) ?? '', ownMemory)];
}

/** Writes a host's key down. Returns where: the file, or our own memory when that cannot be written. */
export async function rememberHost(config: HostConfig, key: Uint8Array, memory: KeyValue): Promise<string> {
  const [name = config.hostName] = namesOf(hostNameOf(config));
  const shown = config.hashKnownHosts ? hashedName(name, randomBytes(20)) : name;
  const line = `${shown} ${keyTypeOf(key)} ${Buffer.from(key).toString('base64')}\n`;
  const [file] = config.userKnownHosts;
  if (file !== undefined && file !== '/dev/null' && (await append(file, line))) {
    return file;
  }
  await memory.set(memoryKey, `${memory.get(memoryKey) ?? ''}${line}`);
  return ownMemory;
}

/** In one write at the end of the file, so that two windows do not disturb each other. False when it cannot be done. */
async function append(file: string, line: string): Promise<boolean> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(file, 'a+', 0o600);
    try {
      const { size } = await handle.stat();
      const last = Buffer.alloc(1);
      await handle.read(last, 0, 1, Math.max(0, size - 1));
      const isTornOff = size > 0 && last.toString() !== '\n';
      await handle.write(`${isTornOff ? '\n' : ''}${line}`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return true;
  } catch {
    return false;
  }
}
