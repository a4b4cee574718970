import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import { SshHost } from '../../../../../src/providers/slurm/ssh/sshHost.ts';
import { describeSsh } from '../../../../slurm/describeSsh.ts';
import { type Sshd, startSshd } from '../../../../slurm/sshd.ts';
import { processesWith } from '../hostCases.ts';
import { sshPorts } from './sshPorts.ts';

const signal = new AbortController().signal;
const patience = { timeout: 20_000 };

describeSsh('the way to a login node', () => {
  let outer: Sshd;
  let middle: Sshd;
  let login: Sshd;
  let folder: string;
  const hosts: SshHost[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aloft-proxies-'));
    [outer, middle, login] = await Promise.all([startSshd(), startSshd(), startSshd()]);
  });

  afterEach(async () => {
    await Promise.all(hosts.splice(0).map(async (host) => host.dispose()));
  });

  afterAll(async () => {
    await Promise.all([outer.dispose(), middle.dispose(), login.dispose()]);
    rmSync(folder, { recursive: true, force: true });
  });

  function open(...lines: readonly string[]): SshHost {
    const configFile = join(folder, `config-${Math.random()}`);
    const stanzas = [login.stanza('login', ...lines), outer.stanza('outer'), middle.stanza('middle')];
    writeFileSync(configFile, stanzas.join('\n'));
    const host = new SshHost({ host: 'login', configFile }, sshPorts());
    hosts.push(host);
    return host;
  }

  const logins = (sshd: Sshd): number => sshd.log.match(/Accepted publickey/gu)?.length ?? 0;

  test('leads over jump hosts in their order, each checked and signed in to', async () => {
    const before = [outer, middle, login].map(logins);
    const { stdout } = await open('ProxyJump outer,middle').run({ text: 'echo "$SSH_CONNECTION"' }, signal);
    expect(stdout).toContain(`${login.port}`);
    expect([outer, middle, login].map(logins)).toEqual(before.map((count) => count + 1));
    expect(outer.log).toContain('Accepted');
  });

  test('is lost with any of the jump hosts, and found again', async () => {
    const host = open('ProxyJump outer,middle');
    const mark = `66${process.pid}.${Math.trunc(Math.random() * 1e9)}`;
    const running = host.run({ text: 'sleep "$1"', args: [mark] }, signal);
    await vi.waitFor(() => expect(processesWith(`sleep ${mark}`)).toHaveLength(1), patience);
    await outer.stop();
    await expect(running).rejects.toMatchObject({ tag: 'transient' });
    await vi.waitFor(() => expect(processesWith(`sleep ${mark}`)).toEqual([]), patience);
    await outer.start();
    await expect(host.run({ text: 'echo back' }, signal)).resolves.toMatchObject({ stdout: 'back\n' });
  });

  test('is lost when the login node behind it hangs up, and found again', async () => {
    const host = open('ProxyJump outer');
    const stream = host.stream({ text: 'echo begun; sleep 1000' }, signal)[Symbol.asyncIterator]();
    await stream.next();
    const forOneConnection = outer.children().length;
    const shell = await host.openShell({ text: 'echo ready; cat' }, { columns: 80, rows: 24 }, signal);
    const reading = (async () => {
      for await (const _ of shell.output) {
        login.hangUp();
      }
    })();
    await expect(reading).rejects.toMatchObject({ tag: 'transient' });
    await expect(stream.next()).rejects.toMatchObject({ tag: 'transient' });
    await expect(host.run({ text: 'echo back' }, signal)).resolves.toMatchObject({ stdout: 'back\n' });
    await vi.waitFor(() => expect(outer.children()).toHaveLength(forOneConnection), patience);
  });

  test('leaves no connection to a jump host when the login node cannot be reached', async () => {
    const before = outer.children().length;
    await expect(open('ProxyJump outer', 'Port 1').run({ text: 'true' }, signal)).rejects.toMatchObject({
      tag: 'transient',
      message: /does not get through/u,
    });
    await vi.waitFor(() => expect(outer.children()).toHaveLength(before), patience);
  });

  test('does not go in a circle', async () => {
    const configFile = join(folder, 'circle');
    writeFileSync(configFile, [outer.stanza('a', 'ProxyJump b'), outer.stanza('b', 'ProxyJump a')].join('\n'));
    const host = new SshHost({ host: 'a', configFile }, sshPorts());
    hosts.push(host);
    await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject({ tag: 'invalid' });
  });

  test('leads through a command, which ends with the connection', async () => {
    const relay = join(folder, 'relay.mjs');
    writeFileSync(
      relay,
      `import { connect } from 'node:net';
       const socket = connect({ host: process.argv[2], port: Number(process.argv[3]) });
       process.stdin.pipe(socket).pipe(process.stdout);`,
    );
    const host = open(`ProxyCommand ${process.execPath} ${relay} %h %p`);
    await expect(host.run({ text: 'echo through' }, signal)).resolves.toMatchObject({ stdout: 'through\n' });
    expect(processesWith(relay)).toHaveLength(1);
    await host.dispose();
    await vi.waitFor(() => expect(processesWith(relay)).toEqual([]), patience);
  });

  test('says what the command complained of when it leads nowhere', async () => {
    await expect(open('ProxyCommand echo no way >&2; exit 7').run({ text: 'true' }, signal)).rejects.toMatchObject({
      tag: 'transient',
      message: /ProxyCommand/u,
      raw: expect.stringContaining('no way'),
    });
  });

  test('never makes a command of what somebody typed', () => {
    const victim = join(folder, 'victim');
    for (const host of [
      `$(touch ${victim})`,
      `x;touch ${victim}`,
      `-oProxyCommand=touch ${victim}`,
      `x\ntouch ${victim}`,
    ]) {
      expect(() => new SshHost({ host }, sshPorts())).toThrow(expect.objectContaining({ tag: 'invalid' }));
    }
    expect(existsSync(victim)).toBe(false);
  });
});
