import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AuthContext, Connection, ServerChannel, Session } from 'ssh2';
import ssh2 from 'ssh2';

import { makeKey } from './sshd.ts';

export type Authenticate = (context: AuthContext) => void;

/**
 * An SSH server that does what a test says, where no real one can be made to: ask for passwords and codes, hang, refuse, hang up at
 * a certain moment. Commands are run by this machine's `sh`, so that everything else is as it is over a real one.
 */
export class ScriptedSshd {
  readonly folder = mkdtempSync(join(tmpdir(), 'aloft-scripted-'));
  /** What the clients tried to sign in with, in order; `none` left out. */
  readonly tried: string[] = [];
  /** Connections that got as far as signing in. */
  logins = 0;
  authenticate: Authenticate = (context) => {
    context.accept();
  };
  /** Instead of running it; `run` runs it after all. */
  onExec: (channel: ServerChannel, command: string, connection: Connection, run: () => void) => void = (
    _channel,
    _command,
    _connection,
    run,
  ) => {
    run();
  };
  /** How many sessions of one connection it opens at once. */
  maxSessions = Number.POSITIVE_INFINITY;
  /** False: connections to elsewhere are refused. */
  forwards = true;
  #server: InstanceType<typeof ssh2.Server>;
  #port = 0;
  readonly #connections = new Set<Connection>();

  private constructor() {
    makeKey(join(this.folder, 'host_ed25519'));
    this.#server = this.#make('host_ed25519');
  }

  static async start(): Promise<ScriptedSshd> {
    const server = new ScriptedSshd();
    await server.listen();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** An ssh_config for the alias `login`. Lines of `more` win. */
  configFile(...more: readonly string[]): string {
    const file = join(this.folder, `config-${Math.random()}`);
    const key = readFileSync(join(this.folder, 'host_ed25519.pub'), 'utf8');
    writeFileSync(join(this.folder, 'known_hosts'), `[127.0.0.1]:${this.port} ${key}`);
    const lines = [
      'Host login',
      ...more,
      'HostName 127.0.0.1',
      `Port ${this.port}`,
      'User ada',
      'IdentityFile /nonexistent',
      'IdentityAgent none',
      `UserKnownHostsFile ${join(this.folder, 'known_hosts')}`,
      'GlobalKnownHostsFile /dev/null',
      '',
    ];
    writeFileSync(file, lines.join('\n  '));
    return file;
  }

  /** Again on the same port, after `close`. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** From now on it has another host key. */
  async changeHostKey(): Promise<void> {
    makeKey(join(this.folder, 'changed'));
    await this.close();
    this.#server = this.#make('changed');
    await this.listen();
  }

  hangUp(): void {
    for (const connection of this.#connections) {
      connection.end();
    }
  }

  async close(): Promise<void> {
    this.hangUp();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async dispose(): Promise<void> {
    await this.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  #make(key: string): InstanceType<typeof ssh2.Server> {
    return new ssh2.Server({ hostKeys: [readFileSync(join(this.folder, key))] }, (connection) => {
      this.#connections.add(connection);
      connection.on('error', () => undefined);
      connection.once('close', () => {
        this.#connections.delete(connection);
      });
      connection.on('authentication', (context) => {
        if (context.method !== 'none') {
          this.tried.push(context.method);
        }
        this.authenticate(context);
      });
      connection.once('ready', () => {
        this.logins += 1;
      });
      let sessions = 0;
      connection.on('session', (accept, reject) => {
        if (sessions >= this.maxSessions) {
          reject();
          return;
        }
        sessions += 1;
        const session = accept();
        session.once('close', () => {
          sessions -= 1;
        });
        this.#serve(session, connection);
      });
      connection.on('tcpip', (_accept, reject) => {
        reject();
      });
    });
  }

  #serve(session: Session, connection: Connection): void {
    session.on('exec', (accept, _reject, { command }) => {
      const channel = accept();
      channel.on('error', () => undefined);
      this.onExec(channel, command, connection, () => {
        runCommand(channel, command);
      });
    });
  }
}

/** Lets in whoever answers the prompts in turn, each within a question of its own; everybody else is asked again. */
export function interactively(
  scripted: ScriptedSshd,
  rounds: readonly { readonly prompt: string; readonly echo?: boolean; readonly answer: string }[],
  methods: readonly ('keyboard-interactive' | 'password' | 'publickey')[] = ['keyboard-interactive'],
): void {
  scripted.authenticate = (context) => {
    if (context.method !== 'keyboard-interactive') {
      context.reject([...methods]);
      return;
    }
    const ask = (round: number): void => {
      const step = rounds[round];
      if (step === undefined) {
        context.accept();
        return;
      }
      context.prompt([{ prompt: step.prompt, echo: step.echo ?? false }], 'Welcome', '', (answers) => {
        if (answers[0] === step.answer) {
          ask(round + 1);
        } else {
          context.reject([...methods]);
        }
      });
    };
    ask(0);
  };
}

function runCommand(channel: ServerChannel, command: string): void {
  const child = spawn('/bin/sh', ['-c', command], { detached: true });
  channel.pipe(child.stdin).on('error', () => undefined);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  channel.once('close', () => {
    child.stdin.destroy();
  });
  child.once('close', (code, signal) => {
    if (code === null) {
      channel.exit((signal ?? 'SIGKILL').slice(3));
    } else {
      channel.exit(code);
    }
    channel.end();
  });
}
