import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import type { Finished } from '../../../../../src/providers/slurm/host.ts';
import { SshHost } from '../../../../../src/providers/slurm/ssh/sshHost.ts';
import { gather } from '../../../../conformance/harness.ts';
import { describeSsh } from '../../../../slurm/describeSsh.ts';
import { Relay } from '../../../../slurm/relay.ts';
import { ScriptedSshd } from '../../../../slurm/scriptedSshd.ts';
import { type Sshd, startSshd } from '../../../../slurm/sshd.ts';
import { processesWith } from '../hostCases.ts';
import { sshPorts } from './sshPorts.ts';

const signal = new AbortController().signal;
const lost = { tag: 'transient', message: /was lost/u };
const patience = { timeout: 20_000 };

describeSsh('a network that fails under a real sshd', () => {
  let sshd: Sshd;
  let relay: Relay;
  let host: SshHost;
  let folder: string;

  beforeAll(async () => {
    sshd = await startSshd();
  });

  afterAll(async () => {
    await sshd.dispose();
  });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aloft-faults-'));
    relay = await Relay.start(sshd.port);
    host = open('ServerAliveInterval 1', 'ServerAliveCountMax 1');
  });

  afterEach(async () => {
    await host.dispose();
    await relay.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  function open(...lines: readonly string[]): SshHost {
    const configFile = join(folder, 'config');
    const known = join(folder, 'known_hosts');
    writeFileSync(known, sshd.hostKeys.map((key) => `[127.0.0.1]:${relay.port} ${key}\n`).join(''));
    writeFileSync(configFile, sshd.stanza('login', ...lines, `Port ${relay.port}`, `UserKnownHostsFile ${known}`));
    return new SshHost({ host: 'login', configFile }, sshPorts());
  }

  const mark = (): string => `64${process.pid}.${Math.trunc(Math.random() * 1e9)}`;

  test('one connection is shared by all who come at once, and kept', async () => {
    await Promise.all(Array.from({ length: 20 }, async () => host.run({ text: 'true' }, signal)));
    await host.run({ text: 'true' }, signal);
    expect(relay.connections).toBe(1);
    expect(sshd.log.match(/Accepted publickey/gu)).toHaveLength(1);
  });

  test('a command under way is told that the connection broke off, and ends over there', async () => {
    const id = mark();
    const running = host.run({ text: 'sleep "$1"', args: [id] }, signal);
    await vi.waitFor(() => expect(processesWith(`sleep ${id}`)).toHaveLength(1), patience);
    relay.cut();
    await expect(running).rejects.toMatchObject(lost);
    await vi.waitFor(() => expect(processesWith(`sleep ${id}`)).toEqual([]), patience);
    await expect(host.run({ text: 'echo back' }, signal)).resolves.toMatchObject({ stdout: 'back\n' });
  });

  test('a host that opens two sessions, of which one is followed, still answers and gives files', async () => {
    const narrow = await startSshd({ config: ['MaxSessions 2'] });
    try {
      const known = join(folder, 'known_hosts');
      const configFile = join(folder, 'config');
      writeFileSync(known, narrow.hostKeys.map((key) => `[127.0.0.1]:${narrow.port} ${key}\n`).join(''));
      writeFileSync(configFile, narrow.stanza('login', `UserKnownHostsFile ${known}`));
      const two = new SshHost({ host: 'login', configFile }, sshPorts());
      const stop = new AbortController();
      const log = two.stream({ text: 'echo begun; sleep 60' }, stop.signal)[Symbol.asyncIterator]();
      expect(Buffer.from((await log.next()).value ?? []).toString()).toBe('begun\n');
      for (const path of ['/etc/hostname', '/etc/passwd']) {
        const [pieces, answers] = await Promise.all([
          gather(two.readFile(path, 0, signal)),
          Promise.all([1, 2, 3].map(async () => two.run({ text: 'echo there' }, signal))),
        ]);
        expect(Buffer.concat(pieces)).toEqual(readFileSync(path));
        expect(answers.map(({ stdout }) => stdout)).toEqual(['there\n', 'there\n', 'there\n']);
      }
      stop.abort(new Error('enough'));
      await expect(log.next()).rejects.toThrow('enough');
      await two.dispose();
    } finally {
      await narrow.dispose();
    }
  });

  test('an upload that breaks off is not taken for the whole', async () => {
    const file = join(folder, 'uploaded');
    async function* endless(): AsyncGenerator<Uint8Array, void> {
      for (let piece = 0; piece < 1000; piece += 1) {
        yield Buffer.alloc(1_000_000);
        if (piece === 5) {
          relay.cut();
        }
      }
    }
    const script = { text: 'cat >"$1.part"; mv "$1.part" "$1"', args: [file], input: endless() };
    await expect(host.run(script, signal)).rejects.toMatchObject(lost);
    await vi.waitFor(() => expect(processesWith(`${file}.part`)).toEqual([]), patience);
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });

  test('a stream breaks off with an error after all that came, and can be gone on with', async () => {
    const file = join(folder, 'log');
    const lines = Array.from({ length: 200_000 }, (_, line) => `line ${line}\n`).join('');
    writeFileSync(file, lines);
    let text = '';
    let cuts = 0;
    while (text.length < lines.length) {
      try {
        const script = { text: 'exec tail -c +"$1" "$2"', args: [`${text.length + 1}`, file] };
        for await (const piece of host.stream(script, signal)) {
          text += Buffer.from(piece).toString();
          if (cuts < 3 && text.length > (cuts + 1) * 400_000) {
            cuts += 1;
            relay.cut();
          }
        }
      } catch (error) {
        expect(error).toMatchObject(lost);
      }
    }
    expect(cuts).toBe(3);
    expect(text === lines).toBe(true);
  });

  test('a file that is being read breaks off with an error, and can be gone on with', async () => {
    const file = join(folder, 'checkpoint');
    const bytes = Buffer.alloc(30_000_000, 'checkpoint');
    writeFileSync(file, bytes);
    const read: Uint8Array[] = [];
    let length = 0;
    let cuts = 0;
    while (length < bytes.length) {
      try {
        for await (const piece of host.readFile(file, length, signal)) {
          read.push(piece);
          length += piece.length;
          if (cuts < 3 && length > (cuts + 1) * 5_000_000) {
            cuts += 1;
            relay.cut();
          }
        }
      } catch (error) {
        expect(error).toMatchObject(lost);
      }
    }
    expect(cuts).toBe(3);
    expect(Buffer.concat(read).equals(bytes)).toBe(true);
  });

  test('a terminal breaks off with an error', async () => {
    const shell = await host.openShell({ text: 'echo ready; cat' }, { columns: 80, rows: 24 }, signal);
    const reading = (async () => {
      for await (const _ of shell.output) {
        relay.cut();
      }
    })();
    await expect(reading).rejects.toMatchObject(lost);
    expect(shell.exitCode?.()).toBeNull();
  });

  test('a network that swallows everything is noticed by keep-alive', async () => {
    await host.run({ text: 'true' }, signal);
    const running = host.run({ text: 'sleep 1000' }, signal);
    running.catch(() => undefined);
    relay.freeze();
    await expect(running).rejects.toMatchObject(lost);
  });

  test('a server process that stands still is noticed by keep-alive, and gone round', async () => {
    const before = new Set(sshd.children());
    await host.run({ text: 'true' }, signal);
    const stopped = sshd.children().filter((pid) => !before.has(pid));
    for (const pid of stopped) {
      process.kill(pid, 'SIGSTOP');
    }
    try {
      await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject(lost);
      await expect(host.run({ text: 'echo back' }, signal)).resolves.toMatchObject({ stdout: 'back\n' });
    } finally {
      for (const pid of stopped) {
        process.kill(pid, 'SIGKILL');
      }
    }
  });

  test('a server that is started anew is found again', async () => {
    await host.run({ text: 'true' }, signal);
    await sshd.stop();
    await vi.waitFor(
      async () => expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject({ tag: 'transient' }),
      patience,
    );
    await sshd.start();
    await expect(host.run({ text: 'echo back' }, signal)).resolves.toMatchObject({ stdout: 'back\n' });
  });

  test('a connection that cannot be made is no matter of who we are, and says what to check', async () => {
    const closed = await Relay.start(sshd.port);
    await closed.dispose();
    host = open(`Port ${closed.port}`);
    await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject({
      tag: 'transient',
      message: /refuses connections/u,
      remedy: expect.any(String),
    });
    host = open('HostName no.such.host.invalid');
    await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject({
      tag: 'transient',
      message: /No address is known/u,
    });
  });

  test('a server that forbids to forward ports is said to', async () => {
    await using strict = await startSshd({ config: ['AllowTcpForwarding no'] });
    const configFile = join(folder, 'strict');
    writeFileSync(configFile, strict.stanza('login'));
    host = new SshHost({ host: 'login', configFile }, sshPorts());
    await expect(host.connectTo('127.0.0.1', strict.port, signal)).rejects.toMatchObject({ tag: 'unsupported' });
  });

  test('a server that never says a word is given up', async () => {
    relay.freeze();
    host = open('ConnectTimeout 1');
    await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject({ tag: 'transient', message: /silent/u });
  });

  test('everything ends when the host is disposed of', async () => {
    const id = mark();
    const running = host.run({ text: 'sleep "$1"', args: [id] }, signal);
    await vi.waitFor(() => expect(processesWith(`sleep ${id}`)).toHaveLength(1), patience);
    await host.dispose();
    await expect(running).rejects.toMatchObject({ tag: 'transient' });
    await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject({ tag: 'transient', message: /closed/u });
    await vi.waitFor(() => expect(processesWith(`sleep ${id}`)).toEqual([]), patience);
    await vi.waitFor(() => expect(relay.connections).toBe(0), patience);
  });

  test('commands that are given up at any moment leave their channels to others', async () => {
    await host.run({ text: 'true' }, signal);
    const id = mark();
    await Promise.all(
      Array.from({ length: 30 }, async (_, number) => {
        const abort = new AbortController();
        const running = host.run({ text: 'sleep "$1"', args: [id] }, abort.signal);
        setTimeout(() => {
          abort.abort(new Error('gave up'));
        }, number * 3);
        await expect(running).rejects.toThrow('gave up');
      }),
    );
    const answers = await Promise.all(Array.from({ length: 6 }, async () => host.run({ text: 'echo in' }, signal)));
    expect(answers.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 6 }, () => 'in\n'));
    await vi.waitFor(() => expect(processesWith(`sleep ${id}`)).toEqual([]), patience);
  });

  test('no more than six channels are open at once, and what is quick gets through beside what stays', async () => {
    const stop = new AbortController();
    const id = mark();
    const streams = Array.from({ length: 9 }, async () => {
      for await (const _ of host.stream({ text: 'echo; sleep "$1"', args: [id] }, stop.signal)) {
        // Until it is stopped.
      }
    });
    const stopped = Promise.allSettled(streams);
    await vi.waitFor(() => expect(processesWith(`sleep ${id}`)).toHaveLength(4), patience);
    const quick = Array.from({ length: 30 }, async (_, number) =>
      host.run({ text: 'echo "$1"', args: [`${number}`] }, signal),
    );
    const answers = (await Promise.all(quick)).map(({ stdout }) => Number(stdout));
    expect(answers).toEqual(answers.map((_, number) => number));
    expect(processesWith(`sleep ${id}`)).toHaveLength(4);
    stop.abort(new Error('enough'));
    expect((await stopped).every(({ status }) => status === 'rejected')).toBe(true);
    await vi.waitFor(() => expect(processesWith(`sleep ${id}`)).toEqual([]), patience);
  });
});

describe('a server that misbehaves', () => {
  let server: ScriptedSshd;
  let host: SshHost;

  beforeEach(async () => {
    server = await ScriptedSshd.start();
    host = new SshHost(
      { host: 'login', configFile: server.configFile('ServerAliveInterval 1', 'ServerAliveCountMax 1') },
      sshPorts(),
    );
  });

  afterEach(async () => {
    await host.dispose();
    await server.dispose();
  });

  const run = async (text: string): Promise<Finished> => host.run({ text }, signal);

  test('hangs up after a command was run and before it says so', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aloft-reply-'));
    const file = join(folder, 'done');
    server.onExec = (channel, _command, connection, runIt) => {
      runIt();
      channel.exit = () => undefined;
      channel.once('finish', () => connection.end());
    };
    try {
      await expect(host.run({ text: 'echo x >"$1"', args: [file] }, signal)).rejects.toMatchObject(lost);
      expect(readFileSync(file, 'utf8')).toBe('x\n');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('hangs up in the middle of a command', async () => {
    server.onExec = (channel, _command, connection) => {
      channel.write('half of');
      connection.end();
    };
    await expect(run('true')).rejects.toMatchObject({ tag: 'transient' });
    server.onExec = (_channel, _command, _connection, runIt) => {
      runIt();
    };
    await expect(run('echo back')).resolves.toMatchObject({ stdout: 'back\n' });
    expect(server.logins).toBe(2);
  });

  test('opens fewer sessions than ssh servers do', async () => {
    server.maxSessions = 2;
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_, number) => run(`sleep 0.05; echo ${number}`)),
    );
    expect(answers.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 12 }, (_, number) => `${number}\n`));
    expect(server.logins).toBe(1);
  });

  test('opens no session at all', async () => {
    server.maxSessions = 0;
    await expect(run('true')).rejects.toMatchObject({ tag: 'transient', message: /does not start a command/u });
  });

  test('has a login shell that runs something else', async () => {
    server.onExec = (channel) => {
      channel.write('This account is currently not available.\n');
      channel.exit(1);
      channel.end();
    };
    await expect(run('true')).rejects.toMatchObject({
      tag: 'unsupported',
      raw: 'This account is currently not available.',
    });
  });

  test('prints without end before anything is run', async () => {
    server.onExec = (channel) => {
      const chatter = setInterval(() => channel.write(Buffer.alloc(100_000, 'noise\n')), 1);
      channel.once('close', () => {
        clearInterval(chatter);
      });
    };
    await expect(run('true')).rejects.toMatchObject({ tag: 'unsupported' });
  });

  test('says nothing to a command, until the caller has had enough', async () => {
    server.onExec = () => undefined;
    const abort = new AbortController();
    const waiting = host.run({ text: 'true' }, abort.signal);
    abort.abort(new Error('had enough'));
    await expect(waiting).rejects.toThrow('had enough');
  });

  test('shows another host key when it comes back', async () => {
    await run('true');
    await server.changeHostKey();
    await vi.waitFor(
      async () => expect(run('true')).rejects.toMatchObject({ tag: 'auth', message: /another key than before/u }),
      patience,
    );
  });
});
