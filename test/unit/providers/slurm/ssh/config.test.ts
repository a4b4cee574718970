import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { HostConfig } from '../../../../../src/providers/slurm/ssh/config/hostConfig.ts';
import { resolveHost } from '../../../../../src/providers/slurm/ssh/config/resolve.ts';
import { listHosts } from '../../../../../src/providers/slurm/ssh/hosts.ts';
import { parseTarget } from '../../../../../src/providers/slurm/ssh/target.ts';

const signal = new AbortController().signal;
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aloft-config-'));
  file = join(folder, 'config');
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const hasSsh = (process.env['PATH'] ?? '').split(':').some((path) => existsSync(join(path, 'ssh')));
const ways = [
  { way: hasSsh ? 'as ssh reads it' : 'as ssh reads it (skipped: no ssh is installed)', path: null, skip: !hasSsh },
  { way: 'without an ssh client', path: '/nonexistent', skip: false },
] as const;

describe.each(ways)('a host of ssh_config, $way', ({ path, skip }) => {
  async function resolve(target: string, ...lines: readonly string[]): Promise<HostConfig> {
    writeFileSync(file, lines.join('\n'));
    vi.stubEnv('PATH', path ?? process.env['PATH']);
    return resolveHost(parseTarget(target), file, signal);
  }

  test.skipIf(skip)('has what is usual when nothing is said of it', async () => {
    vi.stubEnv('SSH_AUTH_SOCK', '/run/agent');
    expect(await resolve('login.example')).toMatchObject({
      alias: 'login.example',
      hostName: 'login.example',
      port: 22,
      user: userInfo().username,
      proxy: { kind: 'none' },
      identitiesOnly: false,
      identityAgent: '/run/agent',
      identityFiles: expect.arrayContaining([join(homedir(), '.ssh/id_ed25519'), join(homedir(), '.ssh/id_rsa')]),
      hostKeyAlias: null,
      hashKnownHosts: false,
      mayAskAboutHost: true,
      connectTimeoutMs: 20_000,
      keepAlive: { intervalMs: 15_000, count: 3 },
    });
  });

  test.skipIf(skip)('takes the first value of each setting, and all keys, over includes and patterns', async () => {
    mkdirSync(join(folder, 'more'));
    writeFileSync(join(folder, 'more', 'b'), 'Host *.example login\n  User babbage\n  IdentityFile ~/keys/%r@%h\n');
    writeFileSync(join(folder, 'more', 'a'), 'Host login\n  HostName %h.example\n  Port 2200\n');
    const config = await resolve(
      'login',
      `Include ${folder}/more/*`,
      'Host !login *',
      '  User nobody',
      'Host log?n',
      '  User ada',
      '  IdentitiesOnly yes',
      '  IdentityFile /keys/second',
      '  IdentityAgent none',
      '  UserKnownHostsFile ~/hosts /etc/hosts.%h',
      '  GlobalKnownHostsFile /dev/null',
      '  HostKeyAlias cluster',
      '  HashKnownHosts yes',
      '  StrictHostKeyChecking yes',
      '  ConnectTimeout 7',
      '  ServerAliveInterval 30',
      '  ServerAliveCountMax 2',
      '  NumberOfPasswordPrompts 1',
      '  PasswordAuthentication no',
      '  AddressFamily inet',
    );
    expect(config).toMatchObject({
      hostName: 'login.example',
      port: 2200,
      user: 'babbage',
      identityFiles: [join(homedir(), 'keys/babbage@login.example'), '/keys/second'],
      identitiesOnly: true,
      identityAgent: null,
      userKnownHosts: [join(homedir(), 'hosts'), '/etc/hosts.login.example'],
      globalKnownHosts: ['/dev/null'],
      hostKeyAlias: 'cluster',
      hashKnownHosts: true,
      mayAskAboutHost: false,
      connectTimeoutMs: 7000,
      keepAlive: { intervalMs: 30_000, count: 2 },
      passwordPrompts: 1,
      password: false,
      keyboardInteractive: true,
      addressFamily: 4,
    });
  });

  test.skipIf(skip)('gives way to what was typed', async () => {
    const config = await resolve('ada@login:2222', 'Host login', '  User babbage', '  Port 22', '  HostName there');
    expect(config).toMatchObject({ hostName: 'there', user: 'ada', port: 2222 });
  });

  test.skipIf(skip)('goes through jump hosts in their order', async () => {
    const config = await resolve('login', 'Host login', '  ProxyJump ada@gate:2200,inner');
    expect(config.proxy).toEqual({
      kind: 'jump',
      hops: [
        { host: 'gate', user: 'ada', port: 2200 },
        { host: 'inner', user: null, port: null },
      ],
    });
    expect((await resolve('login', 'Host login', '  ProxyJump none')).proxy).toEqual({ kind: 'none' });
  });

  test.skipIf(skip)('goes through a command with the names in it', async () => {
    const config = await resolve('login', 'Host login', '  HostName there', '  ProxyCommand nc -X 5 %h %p "%r" 100%%');
    expect(config.proxy).toEqual({
      kind: 'command',
      command: `nc -X 5 there 22 "${userInfo().username}" 100%`,
    });
    await expect(resolve('login', 'Host login', '  ProxyCommand nc -F', '  ProxyUseFdpass yes')).rejects.toMatchObject({
      tag: 'unsupported',
    });
  });

  test.skipIf(skip)('finds an agent by its path or by a variable', async () => {
    vi.stubEnv('OTHER_AGENT', '/run/other');
    vi.stubEnv('SSH_AUTH_SOCK', '');
    expect((await resolve('login', 'IdentityAgent $OTHER_AGENT')).identityAgent).toBe('/run/other');
    expect((await resolve('login', 'IdentityAgent ~/agent')).identityAgent).toBe(join(homedir(), 'agent'));
    expect((await resolve('login', '')).identityAgent).toBeNull();
  });
});

test.skipIf(!hasSsh)('a config that ssh does not understand is refused in its own words', async () => {
  writeFileSync(file, 'Host login\n  Nonsense yes\n');
  await expect(resolveHost(parseTarget('login'), file, signal)).rejects.toMatchObject({
    tag: 'invalid',
    raw: expect.stringMatching(/nonsense/iu),
  });
});

test.skipIf(!hasSsh)('a name never becomes an option of ssh, even unchecked', async () => {
  const victim = join(folder, 'victim');
  writeFileSync(file, 'Host *\n  HostName x\n');
  const attack = { host: `-oProxyCommand=touch ${victim}`, user: null, port: null };
  await resolveHost(attack, file, signal).catch(() => undefined);
  expect(existsSync(victim)).toBe(false);
});

describe('the hosts to choose from', () => {
  test('are the names that the config and what it includes give in full, once each', async () => {
    mkdirSync(join(folder, 'conf.d'));
    writeFileSync(join(folder, 'conf.d', 'x.conf'), 'Host from-include "with space"\n');
    writeFileSync(join(folder, 'conf.d', '.hidden.conf'), 'Host hidden\n');
    writeFileSync(
      file,
      [
        `Include "${folder}/conf.d/*.conf" ${folder}/none`,
        `Include ${file}`,
        'Host a b a *.example c? !d',
        '  HostName a.example',
        'host = e',
        'Match host f',
        '  User g',
        'Host -oProxyCommand $(id)',
        'Host *',
      ].join('\r\n'),
    );
    expect(await listHosts(file)).toEqual(['from-include', 'a', 'b', 'e']);
  });

  test('are none without a config', async () => {
    expect(await listHosts(join(folder, 'nothing'))).toEqual([]);
  });
});
