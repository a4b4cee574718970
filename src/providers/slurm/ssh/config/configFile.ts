import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';

import SshConfig, { LineType } from 'ssh-config';

import { matchesPattern } from '../pattern.ts';
import type { SshTarget } from '../target.ts';
import type { RawConfig } from './hostConfig.ts';

const deepestInclude = 16;

/** The ssh_config file that is used when none is named. */
export const userConfigFile = (): string => join(homedir(), '.ssh', 'config');

/** The text of an ssh_config file with what it includes in place of each Include; empty when it cannot be read. */
export async function readConfigText(file: string, depth = 0): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = await Promise.all(
    text.split(/\r?\n/u).map(async (line) => {
      const patterns = /^\s*include(?:\s+|\s*=\s*)(.*)$/iu.exec(line)?.[1];
      if (patterns === undefined) {
        return line;
      }
      const files = depth < deepestInclude ? await Promise.all(words(patterns).map(filesOf)) : [];
      return (await Promise.all(files.flat().map(async (one) => readConfigText(one, depth + 1)))).join('\n');
    }),
  );
  return lines.join('\n');
}

/**
 * What a file says of a target, where no ssh is installed that could be asked: `Match exec` counts as not matching, and an Include
 * within a Host block belongs to it only up to the first Host of its own.
 */
export async function configFromFile(file: string, { host, user }: SshTarget): Promise<RawConfig> {
  const config = SshConfig.parse(await readConfigText(file));
  const found = config.compute(user === null ? { Host: host } : { Host: host, User: user }, {
    ignoreCase: true,
    matchExec: false,
  });
  return new Map(
    Object.entries(found).map(([name, value]) => [
      name,
      name === 'proxycommand' || typeof value === 'string' ? [[value].flat().join(' ')] : value,
    ]),
  );
}

/** Every name that a Host line of the file gives in full, in order; patterns are none. */
export async function aliasesInFile(file: string): Promise<readonly string[]> {
  const hosts = SshConfig.parse(await readConfigText(file)).flatMap((line) =>
    line.type === LineType.DIRECTIVE && line.param.toLowerCase() === 'host'
      ? typeof line.value === 'string'
        ? [line.value]
        : line.value.map(({ val }) => val)
      : [],
  );
  return [...new Set(hosts)].filter((name) => !/[*?!]/u.test(name));
}

/** Of the last part of the path alone, which is where people write patterns. */
async function filesOf(pattern: string): Promise<readonly string[]> {
  const home = pattern.replace(/^~(?=\/)/u, () => homedir());
  const path = isAbsolute(home) ? home : join(homedir(), '.ssh', home);
  if (!/[*?]/u.test(basename(path))) {
    return [path];
  }
  const names = await readdir(dirname(path)).catch(() => []);
  return names
    .filter((name) => !name.startsWith('.') && matchesPattern(name, basename(path)))
    .sort()
    .map((name) => join(dirname(path), name));
}

function words(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/gu)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
