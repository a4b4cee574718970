import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const program = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));
const sftpServer = ['/usr/lib/openssh/sftp-server', '/usr/libexec/openssh/sftp-server'].find((path) =>
  existsSync(path),
);

/** Why no sshd can be started here; null when one can. For the names of tests that are skipped. */
export const sshdMissing: string | null =
  program === undefined || sftpServer === undefined ? 'openssh-server is not installed' : null;

export interface SshdOptions {
  /** Lines of sshd_config that go before the usual ones, so that they win. */
  readonly config?: readonly string[];
  /** What runs commands instead of the login shell, as `fish -c`. */
  readonly shell?: string;
  /** HOME of commands, and where they start; an empty folder of the server's own when none is named. */
  readonly home?: string;
}

/**
 * A real sshd on a free port of 127.0.0.1 with its own host keys (Ed25519 and RSA), for the user who runs the tests, who is let in
 * with `identityFile` and nothing else.
 */
export class Sshd {
  readonly port: number;
  readonly folder: string;
  readonly user = userInfo().username;
  #process: ChildProcess | undefined;

  /** Use `startSshd`. */
  constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  /** A private key, without a passphrase, that is let in. */
  get identityFile(): string {
    return join(this.folder, 'identity');
  }

  /** A known_hosts file that holds the host's keys, and is this server's alone. */
  get knownHostsFile(): string {
    return join(this.folder, 'known_hosts');
  }

  /** One public key a line, as in authorized_keys. */
  get authorizedKeysFile(): string {
    return join(this.folder, 'authorized_keys');
  }

  /** `ssh-ed25519 AAAA…`, one of each type. */
  get hostKeys(): readonly string[] {
    return hostKeyTypes.map((type) => publicKey(join(this.folder, `host_${type}`)));
  }

  /** What sshd wrote to its log so far. */
  get log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8');
  }

  /** Lines of an ssh_config by which `ssh alias` comes here, and is let in. Lines of `more` win. */
  stanza(alias: string, ...more: readonly string[]): string {
    return [
      `Host ${alias}`,
      ...more,
      'HostName 127.0.0.1',
      `Port ${this.port}`,
      `User ${this.user}`,
      `IdentityFile ${this.identityFile}`,
      'IdentitiesOnly yes',
      `UserKnownHostsFile ${this.knownHostsFile}`,
      'GlobalKnownHostsFile /dev/null',
      '',
    ].join('\n  ');
  }

  /** Process ids of the processes that serve connections and of everything below them. */
  children(): number[] {
    return this.#process?.pid === undefined ? [] : descendants(this.#process.pid);
  }

  /** Breaks off every connection, and ends what runs over it, without a word. */
  hangUp(): void {
    for (const pid of this.children()) {
      killIfThere(pid);
    }
  }

  async start(): Promise<void> {
    if (program === undefined) {
      throw new Error(sshdMissing ?? '');
    }
    const args = ['-D', '-f', join(this.folder, 'sshd_config'), '-E', join(this.folder, 'log')];
    const child = spawn(program, args, { stdio: 'ignore' });
    this.#process = child;
    const ended = once(child, 'exit').then(() => {
      throw new Error(`sshd ended:\n${this.log}`);
    });
    ended.catch(() => undefined);
    await Promise.race([listening(this.port), ended]);
  }

  /** Ends it, and every connection with it. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const connections = descendants(child.pid ?? 0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const pid of connections) {
      killIfThere(pid);
    }
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

const hostKeyTypes = ['ed25519', 'rsa'] as const;

export async function startSshd({ config = [], shell, home }: SshdOptions = {}): Promise<Sshd> {
  for (let attempt = 1; ; attempt += 1) {
    const sshd = new Sshd(mkdtempSync(join(tmpdir(), 'aloft-sshd-')), await freePort());
    prepare(sshd, [...config, ...surroundings(shell, home ?? join(sshd.folder, 'home'))]);
    try {
      await sshd.start();
      return sshd;
    } catch (error) {
      await sshd.dispose();
      // Somebody else may have taken the port meanwhile.
      if (attempt === 3) {
        throw error;
      }
    }
  }
}

/** Makes a key pair: `file` and `file.pub`. */
export function makeKey(file: string, type: 'ed25519' | 'ecdsa' | 'rsa' = 'ed25519', passphrase = ''): void {
  const bits = type === 'rsa' ? ['-b', '2048'] : [];
  execFileSync('ssh-keygen', ['-q', '-t', type, ...bits, '-N', passphrase, '-C', 'aloft test', '-f', file]);
}

function prepare(sshd: Sshd, config: readonly string[]): void {
  if (process.getuid?.() === 0) {
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  }
  makeKey(sshd.identityFile);
  for (const type of hostKeyTypes) {
    makeKey(join(sshd.folder, `host_${type}`), type);
  }
  writeFileSync(sshd.authorizedKeysFile, `${publicKey(sshd.identityFile)}\n`);
  writeFileSync(sshd.knownHostsFile, sshd.hostKeys.map((key) => `[127.0.0.1]:${sshd.port} ${key}\n`).join(''), {
    mode: 0o600,
  });
  writeFileSync(
    join(sshd.folder, 'sshd_config'),
    [
      ...config,
      'ListenAddress 127.0.0.1',
      `Port ${sshd.port}`,
      ...hostKeyTypes.map((type) => `HostKey ${join(sshd.folder, `host_${type}`)}`),
      `AuthorizedKeysFile ${sshd.authorizedKeysFile}`,
      `Subsystem sftp ${sftpServer}`,
      `PidFile ${join(sshd.folder, 'pid')}`,
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
      'StrictModes no',
      'UsePAM no',
      'UseDNS no',
      'PrintMotd no',
      'MaxStartups 100',
      'LogLevel VERBOSE',
      '',
    ].join('\n'),
  );
  writeFileSync(join(sshd.folder, 'log'), '');
}

/**
 * sshd runs every command, sftp as well, in the user's home folder and through the user's login shell; this puts others there. The
 * start-up files of whoever runs the tests are none of theirs: some take half a second.
 */
function surroundings(shell: string | undefined, home: string): string[] {
  mkdirSync(home, { recursive: true });
  const command = '"${SSH_ORIGINAL_COMMAND:-exec sh}"';
  return [`SetEnv HOME=${home}`, `ForceCommand cd "$HOME"; exec ${shell ?? '"$SHELL" -c'} ${command}`];
}

function publicKey(file: string): string {
  return readFileSync(`${file}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect({ host: '127.0.0.1', port });
    const { promise, resolve } = Promise.withResolvers<boolean>();
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    const answered = await promise;
    socket.destroy();
    if (answered) {
      return;
    }
    await sleep(20);
  }
}

/** Everything that a process started and that still runs. */
function descendants(pid: number): number[] {
  const all = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/u).map(Number));
  const below = (parent: number): number[] =>
    all.flatMap(([child = 0, itsParent]) => (itsParent === parent ? [child, ...below(child)] : []));
  return below(pid);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
