import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Sshd, type SshdOptions, startSshd } from './sshd.ts';

/** A login node behind a jump host, and the ssh_config of somebody who uses it. */
export interface SshSite {
  readonly jump: Sshd;
  readonly login: Sshd;
  /** Holds the aliases `login` (through the jump host), `direct` (past it) and `jump`. */
  readonly configFile: string;
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startSshSite(options: SshdOptions = {}): Promise<SshSite> {
  const [jump, login] = await Promise.all([startSshd({ config: ['AllowTcpForwarding yes'] }), startSshd(options)]);
  const folder = mkdtempSync(join(tmpdir(), 'aloft-site-'));
  const configFile = join(folder, 'config');
  writeFileSync(
    configFile,
    [jump.stanza('jump'), login.stanza('login', 'ProxyJump jump'), login.stanza('direct')].join('\n'),
  );
  const dispose = async (): Promise<void> => {
    await Promise.all([jump.dispose(), login.dispose()]);
    rmSync(folder, { recursive: true, force: true });
  };
  return { jump, login, configFile, dispose, [Symbol.asyncDispose]: dispose };
}
