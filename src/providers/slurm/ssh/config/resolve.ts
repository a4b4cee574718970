import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { promisify } from 'node:util';

import { ProviderError } from '../../../../core/providerError.ts';
import type { SshTarget } from '../target.ts';
import { configFromFile, userConfigFile } from './configFile.ts';
import { type HostConfig, hostConfig, type RawConfig } from './hostConfig.ts';

const execute = promisify(execFile);
const patience = 15_000;

/**
 * What ssh_config says of a target. ssh itself is asked, which alone knows all of Match and Include; where none is installed, a
 * parser. `configFile`: another one than ~/.ssh/config, and alone; null for the usual ones.
 */
export async function resolveHost(
  target: SshTarget,
  configFile: string | null,
  signal: AbortSignal,
): Promise<HostConfig> {
  return hostConfig(target, await rawConfig(target, configFile, signal));
}

async function rawConfig(target: SshTarget, configFile: string | null, signal: AbortSignal): Promise<RawConfig> {
  // The name has been checked, and cannot be an option all the same.
  const args = [
    ...(configFile === null ? [] : ['-F', configFile]),
    ...(target.user === null ? [] : ['-l', target.user]),
    ...(target.port === null ? [] : ['-p', `${target.port}`]),
    '-G',
    '--',
    target.host,
  ];
  try {
    const { stdout } = await execute('ssh', args, { cwd: homedir(), timeout: patience, signal, maxBuffer: 4_194_304 });
    return parseDump(stdout);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return configFromFile(configFile ?? userConfigFile(), target);
    }
    const raw = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new ProviderError('invalid', `ssh cannot make sense of the configuration of ${target.host}.`, {
      raw,
      remedy: `Correct ${configFile ?? '~/.ssh/config'}; "ssh -G ${target.host}" says the same.`,
      cause: error,
    });
  }
}

/** `name value` a line. */
function parseDump(text: string): RawConfig {
  const settings = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/u)) {
    const [, name, value] = /^(\S+) (.*)$/u.exec(line) ?? [];
    if (name !== undefined && value !== undefined) {
      settings.set(name, [...(settings.get(name) ?? []), value]);
    }
  }
  return settings;
}
