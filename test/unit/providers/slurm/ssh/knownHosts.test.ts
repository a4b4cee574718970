import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { parseKnownHosts } from '../../../../../src/providers/slurm/ssh/knownHosts/entry.ts';
import {
  judgeHostKey,
  knownKeyTypes,
  type Verdict,
} from '../../../../../src/providers/slurm/ssh/knownHosts/verdict.ts';
import { SshHost, type SshPorts } from '../../../../../src/providers/slurm/ssh/sshHost.ts';
import { Answers, nobody } from '../../../../fixtures/ask.ts';
import { describeSsh } from '../../../../slurm/describeSsh.ts';
import { makeKey, type Sshd, startSshd } from '../../../../slurm/sshd.ts';
import { sshPorts } from './sshPorts.ts';

const signal = new AbortController().signal;
const ed25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJVGL+4BKkT5ibUtBG2OHl6MhuYhKl0cFxvXGdvW9T3x';
const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMsRDVTKuVsY2aTbNQSyk0mYwYxXjxQDFxdYV2LFx8Jc';

describe('what known_hosts says of a host', () => {
  const judge = (text: string, host: string, port = 22, hasAlias = false): Verdict =>
    judgeHostKey(parseKnownHosts(text, 'file'), { host, port, hasAlias }, keyOf(ed25519));

  test.each([
    ['its name', `login ${ed25519}`, 'login', 22],
    ['its name in other letters', `LOGIN.example ${ed25519}`, 'Login.Example', 22],
    ['one of several', `gate,login,10.0.0.1 ${ed25519} some comment`, '10.0.0.1', 22],
    ['its port', `[login]:2222 ${ed25519}`, 'login', 2222],
    ['no port, where another is used', `login ${ed25519}`, 'login', 2222],
    ['a pattern', `*.cluster.example,!bad.cluster.example ${ed25519}`, 'login1.cluster.example', 22],
    ['a pattern of one sign', `login? ${ed25519}`, 'login7', 22],
    ['an IPv6 address', `fe80::1 ${ed25519}`, 'fe80::1', 22],
    ['tabs', `login\t${ed25519.replace(' ', '\t')}`, 'login', 22],
    ['lines of Windows', `login ${ed25519}\r\n`, 'login', 22],
    ['the right key beside a wrong one', `login ${other}\nlogin ${ed25519}`, 'login', 22],
  ])('knows it by %s', (_, text, host, port) => {
    expect(judge(text, host, port)).toEqual({ kind: 'known' });
  });

  test.each([
    ['nothing', '', 'login', 22],
    ['a comment', `# login ${ed25519}`, 'login', 22],
    ['a pattern that leaves it out', `*.example,!bad.example ${ed25519}`, 'bad.example', 22],
    ['another port', `[login]:2222 ${ed25519}`, 'login', 22],
    ['no port, and another key: that is another server', `login ${other}`, 'login', 2222],
    ['a dot that is no pattern', `loginXexample ${ed25519}`, 'login.example', 22],
    ['a marker nobody knows', `@trusted login ${ed25519}`, 'login', 22],
    ['half a line', `login ssh-ed25519`, 'login', 22],
  ])('does not know it by %s', (_, text, host, port) => {
    expect(judge(text, host, port)).toMatchObject({ kind: 'unknown', certificateAuthority: null });
  });

  test('sees another key, and where it is', () => {
    expect(judge(`\n\nlogin ${other}\n`, 'login')).toMatchObject({ kind: 'changed', entry: { file: 'file', line: 3 } });
    expect(judge(`login ssh-rsa AAAAB3NzaC1yc2E=`, 'login')).toMatchObject({ kind: 'changed' });
  });

  test('heeds a revoked key before anything else', () => {
    expect(judge(`login ${ed25519}\n@revoked * ${ed25519}`, 'login')).toMatchObject({
      kind: 'revoked',
      entry: { line: 2 },
    });
    expect(judge(`login ${ed25519}\n@revoked * ${other}`, 'login')).toEqual({ kind: 'known' });
  });

  test('takes an authority neither for the key itself nor for a change', () => {
    expect(judge(`@cert-authority *.example ${ed25519}`, 'a.example')).toMatchObject({
      kind: 'unknown',
      certificateAuthority: { line: 1 },
    });
    expect(judge(`@cert-authority * ${other}\nlogin ${ed25519}`, 'login')).toEqual({ kind: 'known' });
  });

  test('looks for an alias without a port', () => {
    expect(judge(`cluster ${ed25519}`, 'cluster', 2222, true)).toEqual({ kind: 'known' });
    expect(judge(`[cluster]:2222 ${ed25519}`, 'cluster', 2222, true)).toMatchObject({ kind: 'unknown' });
  });

  test('tells which types of key to ask for, the exact name first', () => {
    const text = `login ssh-rsa AAAA\n[login]:2222 ${ed25519}\n@revoked login ecdsa-sha2-nistp256 AAAA`;
    const entries = parseKnownHosts(text, 'file');
    expect(knownKeyTypes(entries, { host: 'login', port: 2222, hasAlias: false })).toEqual(['ssh-ed25519', 'ssh-rsa']);
  });

  test('is not held up by a pattern of many stars', () => {
    expect(judge(`${'*a'.repeat(30)}${'*'.repeat(100_000)}b ${ed25519}`, 'a'.repeat(200))).toMatchObject({
      kind: 'unknown',
    });
  });
});

describeSsh('the key of a real sshd', () => {
  let sshd: Sshd;
  let folder: string;
  let file: string;
  let hosts: SshHost[];

  beforeAll(async () => {
    sshd = await startSshd();
  });

  afterAll(async () => {
    await sshd.dispose();
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aloft-known-'));
    file = join(folder, '.ssh', 'known_hosts');
    hosts = [];
  });

  afterEach(async () => {
    await Promise.all(hosts.map(async (host) => host.dispose()));
    rmSync(folder, { recursive: true, force: true });
  });

  function open(ports: Partial<SshPorts> = {}, ...more: readonly string[]): SshHost {
    const configFile = join(folder, 'config');
    writeFileSync(configFile, sshd.stanza('login', ...more, `UserKnownHostsFile ${file}`));
    const host = new SshHost({ host: 'login', configFile }, sshPorts(ports));
    hosts.push(host);
    return host;
  }

  function know(text: string): void {
    mkdirSync(join(folder, '.ssh'), { recursive: true });
    writeFileSync(file, text);
  }

  const name = (): string => `[127.0.0.1]:${sshd.port}`;

  test('is asked about once, with its fingerprint, and written down', async () => {
    const details: string[] = [];
    const confirm = async (question: { readonly detail: string }): Promise<boolean> => {
      details.push(question.detail);
      return true;
    };
    await open({ ask: { ...nobody, confirm } }).account(signal);
    const shown = execFileSync('ssh-keygen', ['-lf', join(sshd.folder, 'host_ed25519.pub')], { encoding: 'utf8' });
    expect(details[0]).toContain(shown.split(' ')[1]);
    expect(readFileSync(file, 'utf8')).toBe(`${name()} ${sshd.hostKeys[0]}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, '.ssh')).mode & 0o777).toBe(0o700);
    // Nobody is there to be asked again.
    await expect(open().account(signal)).resolves.toBe(`${sshd.user}@127.0.0.1`);
    // ssh finds what was written.
    expect(execFileSync('ssh-keygen', ['-F', name(), '-f', file], { encoding: 'utf8' })).toContain('found: line 1');
  });

  test('is not taken when the person does not agree, and not asked about again by itself', async () => {
    const ask = new Answers(false);
    const host = open({ ask });
    await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject({ tag: 'auth' });
    await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject({ tag: 'auth' });
    expect(ask.asked).toHaveLength(1);
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });

  test('is not asked about where that is forbidden', async () => {
    await expect(open({}, 'StrictHostKeyChecking yes').account(signal)).rejects.toMatchObject({
      tag: 'auth',
      message: /StrictHostKeyChecking/u,
    });
  });

  test('is asked about also where the config would take anything', async () => {
    const ask = new Answers(false);
    await expect(open({ ask }, 'StrictHostKeyChecking no').account(signal)).rejects.toMatchObject({ tag: 'auth' });
    expect(ask.asked).toHaveLength(1);
  });

  test('is found in a file hashed by ssh-keygen, and written hashed where that is wanted', async () => {
    know(`other ${other}\n${name()} ${sshd.hostKeys[0]}\n`);
    execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
    expect(readFileSync(file, 'utf8')).not.toContain('127.0.0.1');
    await open().account(signal);

    know('');
    await open({ ask: new Answers(true) }, 'HashKnownHosts yes').account(signal);
    expect(readFileSync(file, 'utf8')).toMatch(/^\|1\|/u);
    expect(execFileSync('ssh-keygen', ['-F', name(), '-f', file], { encoding: 'utf8' })).toContain('found: line 1');
  });

  test('is found as an RSA key, where only that is known', async () => {
    know(`${name()} ${sshd.hostKeys[1]}\n`);
    await open().account(signal);
  });

  test('is refused when it changed, with file and line, whatever the person would say', async () => {
    know(`# mine\n${name()} ${other}\n`);
    const ask = new Answers();
    await expect(open({ ask }).account(signal)).rejects.toMatchObject({
      tag: 'auth',
      message: /another key than before/u,
      raw: expect.stringContaining(`line 2 of ${file}`),
      remedy: expect.stringContaining(`line 2 of ${file}`),
    });
    expect(ask.asked).toEqual([]);
    expect(readFileSync(file, 'utf8')).toBe(`# mine\n${name()} ${other}\n`);
  });

  test('is refused when it was revoked', async () => {
    know(`${name()} ${sshd.hostKeys[0]}\n@revoked * ${sshd.hostKeys[0]}\n`);
    await expect(open().account(signal)).rejects.toMatchObject({ tag: 'auth', message: /revoked, in line 2/u });
  });

  test('is asked about where only an authority is known, which is said', async () => {
    makeKey(join(folder, 'ca'));
    know(`@cert-authority [127.0.0.1]:* ${readFileSync(join(folder, 'ca.pub'), 'utf8')}`);
    let detail = '';
    const confirm = async (question: { readonly detail: string }): Promise<boolean> => {
      detail = question.detail;
      return false;
    };
    await expect(open({ ask: { ...nobody, confirm } }).account(signal)).rejects.toMatchObject({
      tag: 'auth',
    });
    expect(detail).toContain(`${file} trusts an authority`);
  });

  test('is appended to a file that lost its last line feed', async () => {
    know(`other ${other}`);
    await open({ ask: new Answers(true) }).account(signal);
    expect(readFileSync(file, 'utf8')).toBe(`other ${other}\n${name()} ${sshd.hostKeys[0]}\n`);
  });

  test('is written whole by two windows at once', async () => {
    const windows = Array.from({ length: 4 }, () => open({ ask: new Answers(true) }));
    await Promise.all(windows.map(async (host) => host.account(signal)));
    expect(new Set(readFileSync(file, 'utf8').trim().split('\n'))).toEqual(new Set([`${name()} ${sshd.hostKeys[0]}`]));
  });

  test('is remembered by us when it cannot be written to the file', async () => {
    // A folder where the file should be: not even root writes to that.
    mkdirSync(file, { recursive: true });
    chmodSync(join(folder, '.ssh'), 0o700);
    const ports = sshPorts();
    await open({ ...ports, ask: new Answers(true) }).account(signal);
    await open(ports).account(signal);
    const remembered = ports.keyValue.get('ssh.knownHosts') ?? '';
    await ports.keyValue.set('ssh.knownHosts', remembered.replace(/ssh-ed25519 \S+/u, other));
    await expect(open(ports).account(signal)).rejects.toMatchObject({
      tag: 'auth',
      remedy: expect.stringContaining('remove this connection and add it again'),
    });
    const host = open(ports, 'HostKeyAlias somewhere-else');
    await expect(host.account(signal)).rejects.toMatchObject({ tag: 'auth' });
  });

  test('is looked for under its alias', async () => {
    know(`cluster ${sshd.hostKeys[0]}\n`);
    await open({}, 'HostKeyAlias cluster').account(signal);
  });
});

function keyOf(line: string): Buffer {
  return Buffer.from(line.split(' ')[1] ?? '', 'base64');
}
