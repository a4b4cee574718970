import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import type { Ask, TypeQuestion } from '../../../../../src/core/ask.ts';
import { SshHost, type SshPorts } from '../../../../../src/providers/slurm/ssh/sshHost.ts';
import { Answers, nobody } from '../../../../fixtures/ask.ts';
import { describeSsh } from '../../../../slurm/describeSsh.ts';
import { interactively, ScriptedSshd } from '../../../../slurm/scriptedSshd.ts';
import { makeKey, type Sshd, startSshd } from '../../../../slurm/sshd.ts';
import { sshPorts } from './sshPorts.ts';

const signal = new AbortController().signal;
const hosts: SshHost[] = [];

function open(configFile: string, ports: Partial<SshPorts> = {}): SshHost {
  const host = new SshHost({ host: 'login', configFile }, sshPorts(ports));
  hosts.push(host);
  return host;
}

afterEach(async () => {
  await Promise.all(hosts.splice(0).map(async (host) => host.dispose()));
  vi.unstubAllEnvs();
});

describeSsh('signing in to a real sshd with keys', () => {
  let sshd: Sshd;
  let folder: string;

  beforeAll(async () => {
    sshd = await startSshd({ config: ['MaxAuthTries 4'] });
  });

  afterAll(async () => {
    await sshd.dispose();
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aloft-auth-'));
    vi.stubEnv('SSH_AUTH_SOCK', undefined);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function config(...lines: readonly string[]): string {
    const file = join(folder, `config`);
    // The first value counts, of keys all of them.
    const stanza = sshd.stanza('login', ...lines).replace(/\n *IdentityFile \S*identity(?=\n)/u, '');
    writeFileSync(file, stanza.replace(/\n *IdentitiesOnly yes(?=\n)/u, ''));
    return file;
  }

  function authorize(path: string): void {
    appendFileSync(sshd.authorizedKeysFile, readFileSync(`${path}.pub`));
  }

  function key(name: string, type: 'ed25519' | 'ecdsa' | 'rsa' = 'ed25519', passphrase = ''): string {
    const path = join(folder, name);
    makeKey(path, type, passphrase);
    return path;
  }

  test.each(['ed25519', 'ecdsa', 'rsa'] as const)('works with a key of type %s', async (type) => {
    const path = key('k', type);
    authorize(path);
    await open(config(`IdentityFile ${path}`)).account(signal);
  });

  test('works with keys of an agent, also those that only their public half is here of', async () => {
    await using agent = await startAgent(folder);
    const path = key('k');
    authorize(path);
    agent.add(path);
    rmSync(path);
    vi.stubEnv('SSH_AUTH_SOCK', agent.socket);
    await open(config('IdentityFile /nonexistent')).account(signal);
    await open(config(`IdentityFile ${path}`, 'IdentitiesOnly yes')).account(signal);
    vi.stubEnv('SSH_AUTH_SOCK', undefined);
    await open(config('IdentityFile /nonexistent', `IdentityAgent ${agent.socket}`)).account(signal);
  });

  test('shows the keys of the config first, before an agent full of others wears the server out', async () => {
    await using agent = await startAgent(folder);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      agent.add(key(name));
    }
    const path = key('right');
    agent.add(path);
    authorize(path);
    vi.stubEnv('SSH_AUTH_SOCK', agent.socket);
    await open(config(`IdentityFile ${path}`)).account(signal);

    const file = key('in-a-file');
    authorize(file);
    await open(config(`IdentityFile ${file}`, 'IdentitiesOnly yes')).account(signal);
    await expect(open(config('IdentityFile /nonexistent')).account(signal)).rejects.toMatchObject({
      tag: 'auth',
      raw: expect.stringMatching(/too many authentication failures/iu),
    });
  });

  test('does without an agent that has gone', async () => {
    const path = key('k');
    authorize(path);
    vi.stubEnv('SSH_AUTH_SOCK', join(folder, 'gone'));
    await open(config(`IdentityFile ${path}`)).account(signal);
    await expect(open(config('IdentityFile /nonexistent')).account(signal)).rejects.toMatchObject({
      tag: 'auth',
      raw: expect.stringContaining(join(folder, 'gone')),
    });
  });

  test('asks for a passphrase once, again when it is wrong, and keeps it in memory', async () => {
    const path = key('locked', 'ed25519', 'open sesame');
    authorize(path);
    const ask = new Answers('wrong', 'open sesame');
    const host = open(config(`IdentityFile ${path}`), { ask });
    await host.account(signal);
    expect(ask.asked).toEqual([`Passphrase of ${path}`, `Passphrase of ${path}`]);
    sshd.hangUp();
    await vi.waitFor(
      async () => expect(await host.run({ text: 'echo back' }, signal)).toMatchObject({ stdout: 'back\n' }),
      { timeout: 20_000 },
    );
    expect(ask.asked).toHaveLength(2);
  });

  test('offers to keep what is typed a second time in secret storage, and keeps it nowhere else', async () => {
    const path = key('locked', 'ed25519', 'open sesame');
    authorize(path);
    const ports = sshPorts();
    const values: string[] = [];
    const keyValue: SshPorts['keyValue'] = {
      get: (name) => ports.keyValue.get(name),
      set: async (name, value) => {
        values.push(value);
        await ports.keyValue.set(name, value);
      },
    };
    const logged: string[] = [];
    const log = (...data: readonly unknown[]): void => {
      logged.push(JSON.stringify(data));
    };
    const logger = { debug: log, info: log, warn: log, error: log };
    const once = new Answers('open sesame');
    await open(config(`IdentityFile ${path}`), { ...ports, keyValue, logger, ask: once }).account(signal);
    await vi.waitFor(() => expect(values).toHaveLength(1));
    const again = new Answers('open sesame', true);
    await open(config(`IdentityFile ${path}`), { ...ports, keyValue, logger, ask: again }).account(signal);
    await vi.waitFor(async () => expect(await ports.secrets.get(`ssh.passphrase ${path}`)).toBe('open sesame'));
    expect(values.concat(logged).join('\n')).not.toContain('sesame');
    expect(again.asked).toEqual([`Passphrase of ${path}`, expect.stringMatching(/^Keep the passphrase/u)]);
    // Another window: nobody is asked.
    await open(config(`IdentityFile ${path}`), { ...ports, ask: nobody }).account(signal);
  });

  test('does not offer again what the person did not want', async () => {
    const path = key('locked', 'ed25519', 'open sesame');
    authorize(path);
    const ports = sshPorts();
    const offered = (): string | undefined => ports.keyValue.get(`ssh.keep passphrase ${path}`);
    const signIn = async (state: string, ...answers: readonly (string | boolean)[]): Promise<void> => {
      await open(config(`IdentityFile ${path}`), { ...ports, ask: new Answers(...answers) }).account(signal);
      await vi.waitFor(() => expect(offered()).toBe(state));
    };
    await signIn('typed once', 'open sesame');
    await signIn('do not keep', 'open sesame', false);
    await signIn('do not keep', 'open sesame');
    expect(await ports.secrets.get(`ssh.passphrase ${path}`)).toBeUndefined();
  });

  test('does not ask for the passphrase of a key that the server would not take', async () => {
    const path = key('locked', 'ed25519', 'x');
    const ask = new Answers();
    await expect(open(config(`IdentityFile ${path}`), { ask }).account(signal)).rejects.toMatchObject({ tag: 'auth' });
    expect(ask.asked).toEqual([]);
  });

  test('opens old keys, whose public half is locked as well', async () => {
    const path = key('pem', 'rsa');
    execFileSync('ssh-keygen', ['-q', '-p', '-m', 'PEM', '-N', 'old sesame', '-f', path]);
    authorize(path);
    await open(config(`IdentityFile ${path}`), { ask: new Answers('old sesame') }).account(signal);
    copyFileSync(path, join(folder, 'alone'));
    await open(config(`IdentityFile ${join(folder, 'alone')}`), { ask: new Answers('old sesame') }).account(signal);
  });

  test('shows two keys to a server that wants two', async () => {
    await using strict = await startSshd({ config: ['AuthenticationMethods publickey,publickey'] });
    const second = key('second');
    appendFileSync(strict.authorizedKeysFile, readFileSync(`${second}.pub`));
    const file = config();
    writeFileSync(file, strict.stanza('login', `IdentityFile ${key('stranger')}`, `IdentityFile ${second}`));
    await open(file).account(signal);
  });

  test('says what was tried, and tries keys again by itself only after a while', async () => {
    const path = key('stranger');
    let now = 0;
    const clock = { now: () => now, sleep: async () => undefined };
    const host = open(config(`IdentityFile ${path}`), { clock });
    const refused = { tag: 'auth', message: /did not let/u, raw: expect.stringContaining(path) };
    await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject(refused);
    const connections = (): number => sshd.log.match(/Connection from/gu)?.length ?? 0;
    const before = connections();
    await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject(refused);
    expect(connections()).toBe(before);
    authorize(path);
    now += 301_000;
    await expect(host.run({ text: 'echo in' }, signal)).resolves.toMatchObject({ stdout: 'in\n' });
  });

  test('goes by what the person says when they test the connection', async () => {
    const path = key('late');
    const host = open(config(`IdentityFile ${path}`));
    await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject({ tag: 'auth' });
    authorize(path);
    await host.account(signal);
    await expect(host.run({ text: 'echo in' }, signal)).resolves.toMatchObject({ stdout: 'in\n' });
  });
});

describe('signing in with what a person types', () => {
  let server: ScriptedSshd;

  beforeEach(async () => {
    server = await ScriptedSshd.start();
  });

  afterEach(async () => {
    await server.dispose();
  });

  /** Notes the questions whole. */
  function noting(answers: Ask): Ask & { readonly questions: TypeQuestion[] } {
    const questions: TypeQuestion[] = [];
    return {
      questions,
      choose: async (question, until) => answers.choose(question, until),
      confirm: async (question, until) => answers.confirm(question, until),
      type: async (question, until) => {
        questions.push(question);
        return answers.type(question, until);
      },
    };
  }

  test('shows the questions of the server, codes and all', async () => {
    interactively(server, [
      { prompt: 'Password: ', answer: 'hunter2' },
      { prompt: 'Verification code: ', echo: true, answer: '123456' },
    ]);
    const ask = noting(new Answers('hunter2', '123456'));
    await open(server.configFile(), { ask }).account(signal);
    expect(ask.questions).toMatchObject([
      { title: 'Sign in as ada@127.0.0.1', prompt: expect.stringContaining('Password:'), isSecret: true },
      { title: 'Sign in as ada@127.0.0.1', prompt: expect.stringContaining('Verification code:'), isSecret: false },
    ]);
  });

  test('says that an answer was wrong, and stops after three', async () => {
    interactively(server, [{ prompt: 'Password: ', answer: 'right' }], ['keyboard-interactive', 'password']);
    const ask = noting(new Answers('wrong', 'wronger', 'wrongest'));
    const host = open(server.configFile(), { ask });
    const refused = { tag: 'auth', message: /did not accept what was typed/u };
    await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject(refused);
    expect(ask.questions.map(({ prompt }) => prompt)).toEqual([
      expect.not.stringContaining('not accepted'),
      expect.stringContaining('not accepted'),
      expect.stringContaining('not accepted'),
    ]);
    // And never again by itself.
    const { logins } = server;
    const tries = server.tried.length;
    await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject(refused);
    expect(server.tried).toHaveLength(tries);
    expect(server.logins).toBe(logins);
    expect(tries).toBe(3);
  });

  test('keeps a password for as long as the window lives, and asks for a code every time', async () => {
    interactively(server, [
      { prompt: 'Password: ', answer: 'hunter2' },
      { prompt: 'One-time password: ', answer: '1' },
    ]);
    const ask = noting(new Answers('hunter2', '1', '1'));
    const host = open(server.configFile(), { ask });
    await host.account(signal);
    server.hangUp();
    await vi.waitFor(
      async () => expect(await host.run({ text: 'echo back' }, signal)).toMatchObject({ stdout: 'back\n' }),
      { timeout: 20_000 },
    );
    expect(ask.questions.map(({ prompt }) => prompt)).toEqual([
      expect.stringContaining('Password:'),
      expect.stringContaining('One-time'),
      expect.stringContaining('One-time'),
    ]);
  });

  test('sends a remembered password that is wrong once, and forgets it', async () => {
    interactively(server, [{ prompt: 'Password: ', answer: 'new' }]);
    const ports = sshPorts();
    const name = `ssh.password ada@127.0.0.1:${server.port}`;
    await ports.secrets.set(name, 'old');
    const ask = new Answers('new');
    await open(server.configFile(), { ...ports, ask }).account(signal);
    expect(server.tried).toEqual(['keyboard-interactive', 'keyboard-interactive']);
    expect(await ports.secrets.get(name)).toBeUndefined();
  });

  test('types a plain password where the server wants that', async () => {
    server.authenticate = (context) => {
      if (context.method === 'password' && context.password === 'hunter2') {
        context.accept();
      } else {
        context.reject(['password']);
      }
    };
    const ask = new Answers('wrong', 'hunter2');
    await open(server.configFile(), { ask }).account(signal);
    expect(server.tried).toEqual(['password', 'password']);
  });

  test('answers a key and then a code, when the server wants both', async () => {
    const key = join(server.folder, 'key');
    makeKey(key);
    let hasKey = false;
    server.authenticate = (context) => {
      if (context.method === 'publickey') {
        hasKey = context.signature !== undefined;
        if (hasKey) {
          context.reject(['keyboard-interactive'], true);
        } else {
          context.accept();
        }
      } else if (context.method === 'keyboard-interactive' && hasKey) {
        context.prompt([{ prompt: 'Token: ', echo: false }], (answers) => {
          if (answers[0] === '42') {
            context.accept();
          } else {
            context.reject(['keyboard-interactive']);
          }
        });
      } else {
        context.reject([hasKey ? 'keyboard-interactive' : 'publickey']);
      }
    };
    const ask = new Answers('42');
    await open(server.configFile(`IdentityFile ${key}`), { ask }).account(signal);
    expect(ask.asked).toHaveLength(1);
  });

  test('asks no more once the person went away, until they test the connection', async () => {
    interactively(server, [{ prompt: 'Code: ', answer: '7' }]);
    const ask = new Answers(undefined, '7');
    const host = open(server.configFile(), { ask });
    const dismissed = { tag: 'auth', remedy: expect.stringContaining('Test the connection') };
    for (let poll = 0; poll < 5; poll += 1) {
      await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject(dismissed);
    }
    expect(ask.asked).toHaveLength(1);
    await host.account(signal);
    await expect(host.run({ text: 'echo in' }, signal)).resolves.toMatchObject({ stdout: 'in\n' });
    expect(ask.asked).toHaveLength(2);
  });

  test('leaves a question open when those who wait for the connection give up', async () => {
    interactively(server, [{ prompt: 'Code: ', answer: '7' }]);
    const typed = Promise.withResolvers<string>();
    const asked = vi.fn<Ask['type']>(async () => typed.promise);
    const host = open(server.configFile(), { ask: { ...nobody, type: asked } });
    const gaveUp = new AbortController();
    const first = host.run({ text: 'true' }, gaveUp.signal);
    await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(1));
    gaveUp.abort(new Error('too slow'));
    await expect(first).rejects.toThrow('too slow');
    const second = host.run({ text: 'echo in' }, signal);
    typed.resolve('7');
    await expect(second).resolves.toMatchObject({ stdout: 'in\n' });
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('takes a question back when the server hangs up, and does not ask anew by itself', async () => {
    interactively(server, [{ prompt: 'Code: ', answer: '7' }]);
    let takenBack = false;
    const asked = vi.fn<Ask['type']>(async (_, until) => {
      const { promise, reject } = Promise.withResolvers<string>();
      until.addEventListener('abort', () => {
        takenBack = true;
        reject(until.reason);
      });
      return promise;
    });
    const host = open(server.configFile(), { ask: { ...nobody, type: asked } });
    const waiting = host.run({ text: 'true' }, signal);
    await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(1));
    server.hangUp();
    await expect(waiting).rejects.toMatchObject({ tag: 'auth', message: /not answered in time/u });
    await expect(host.run({ text: 'true' }, signal)).rejects.toMatchObject({ tag: 'auth' });
    expect(takenBack).toBe(true);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('takes the tricks out of what a server says', async () => {
    interactively(server, [{ prompt: '\u001b[2J\u202eCode\n\u0007for \u001b]0;title\u0007ada: ', answer: '7' }]);
    const ask = noting(new Answers('7'));
    await open(server.configFile(), { ask }).account(signal);
    expect(ask.questions[0]?.prompt).toMatch(/^[^\p{Cc}\p{Cf}]*Code for [^\p{Cc}\p{Cf}]*ada:$/u);
  });

  test('gives up a server that falls silent, but not a person who thinks', async () => {
    server.authenticate = (context) => {
      if (context.method === 'none') {
        context.reject(['keyboard-interactive']);
      } else if (context.method === 'keyboard-interactive') {
        // Asks, and says nothing more.
        context.prompt([{ prompt: 'Code: ', echo: false }], () => undefined);
      }
    };
    const thinking = vi.fn<Ask['type']>(async () => {
      await new Promise((resolve) => setTimeout(resolve, 2500));
      return '7';
    });
    const host = open(server.configFile('ConnectTimeout 1'), { ask: { ...nobody, type: thinking } });
    await expect(host.account(signal)).rejects.toMatchObject({ tag: 'transient', message: /silent for 1 s/u });
    expect(thinking).toHaveBeenCalledTimes(1);
  });
});

interface Agent {
  readonly socket: string;
  add(key: string): void;
  [Symbol.asyncDispose](): Promise<void>;
}

async function startAgent(folder: string): Promise<Agent> {
  const socket = join(folder, 'agent');
  const started = execFileSync('ssh-agent', ['-s', '-a', socket], { encoding: 'utf8' });
  const pid = Number(/SSH_AGENT_PID=([0-9]+)/u.exec(started)?.[1]);
  return {
    socket,
    add: (key) => {
      execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' });
    },
    [Symbol.asyncDispose]: async () => {
      process.kill(pid);
    },
  };
}
