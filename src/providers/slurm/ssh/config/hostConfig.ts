import { homedir, hostname, userInfo } from 'node:os';
import { createHash } from 'node:crypto';

import { ProviderError } from '../../../../core/providerError.ts';
import { parseTarget, type SshTarget } from '../target.ts';

/** What ssh_config says of a host, in our terms. Paths are absolute. */
export interface HostConfig {
  /** As the person named it. */
  readonly alias: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly addressFamily: 0 | 4 | 6;
  readonly proxy: Proxy;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** The agent's socket (a named pipe on Windows); null for none. */
  readonly identityAgent: string | null;
  readonly publicKey: boolean;
  readonly keyboardInteractive: boolean;
  readonly password: boolean;
  readonly passwordPrompts: number;
  /** The first is written to. */
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  /** What the host is called in known_hosts; null for its own name. */
  readonly hostKeyAlias: string | null;
  readonly hashKnownHosts: boolean;
  /** Whether the person may be asked about a host that is not known. */
  readonly mayAskAboutHost: boolean;
  readonly connectTimeoutMs: number;
  readonly keepAlive: { readonly intervalMs: number; readonly count: number };
}

export type Proxy =
  | { readonly kind: 'none' }
  /** From here to there, in this order. */
  | { readonly kind: 'jump'; readonly hops: readonly SshTarget[] }
  /** To be run by a shell; its stdin and stdout are the connection. */
  | { readonly kind: 'command'; readonly command: string };

const defaultConnectTimeoutMs = 20_000;
/** Far below the five minutes after which firewalls forget a connection, and soon enough to notice one that is gone. */
const defaultKeepAlive = { intervalMs: 15_000, count: 3 };
const defaultIdentities = ['id_rsa', 'id_ecdsa', 'id_ed25519'].map((name) => `~/.ssh/${name}`);

/** Windows has spaces in home folders, and `ssh -G` no quotes: a path begins where one can. */
const betweenPaths = /\s+(?=[/~]|[A-Za-z]:[\\/]|__PROGRAMDATA__)/u;

/** Settings by their lower-case names, each with its values in order. */
export type RawConfig = ReadonlyMap<string, readonly string[]>;

/** Settings as `ssh -G` prints them, or as a parser of ssh_config found them. Throws `unsupported` and `invalid`. */
export function hostConfig(target: SshTarget, raw: RawConfig): HostConfig {
  const one = (name: string): string | null => raw.get(name)?.[0] ?? null;
  const isOn = (name: string, fallback: boolean): boolean => {
    const value = one(name)?.toLowerCase();
    return value === undefined ? fallback : value !== 'no' && value !== 'false';
  };
  const base = {
    alias: target.host,
    hostName: (one('hostname') ?? target.host).replaceAll('%h', target.host),
    port: target.port ?? count(one('port'), 22),
    user: target.user ?? one('user') ?? userInfo().username,
  };
  const expand = (text: string): string => expandTokens(text, base);
  const paths = (name: string, fallback: readonly string[]): readonly string[] =>
    (raw.get(name) ?? fallback).filter((path) => path !== 'none').map(expand);
  const listed = (name: string, fallback: string): readonly string[] =>
    paths(name, [fallback]).flatMap((list) => list.split(betweenPaths));
  const interval = seconds(one('serveraliveinterval'));
  const timeout = seconds(one('connecttimeout'));
  return {
    ...base,
    addressFamily: one('addressfamily') === 'inet' ? 4 : one('addressfamily') === 'inet6' ? 6 : 0,
    proxy: proxyOf(one('proxyjump'), one('proxycommand'), isOn('proxyusefdpass', false), expand),
    identityFiles: paths('identityfile', defaultIdentities),
    identitiesOnly: isOn('identitiesonly', false),
    identityAgent: agentOf(one('identityagent'), expand),
    publicKey: isOn('pubkeyauthentication', true),
    keyboardInteractive: isOn('kbdinteractiveauthentication', true),
    password: isOn('passwordauthentication', true),
    passwordPrompts: count(one('numberofpasswordprompts'), 3),
    userKnownHosts: listed('userknownhostsfile', '~/.ssh/known_hosts'),
    globalKnownHosts: listed('globalknownhostsfile', '/etc/ssh/ssh_known_hosts'),
    hostKeyAlias: one('hostkeyalias'),
    hashKnownHosts: isOn('hashknownhosts', false),
    mayAskAboutHost: !['yes', 'true'].includes(one('stricthostkeychecking')?.toLowerCase() ?? 'ask'),
    connectTimeoutMs: timeout === 0 ? defaultConnectTimeoutMs : timeout * 1000,
    keepAlive:
      interval === 0
        ? defaultKeepAlive
        : { intervalMs: interval * 1000, count: count(one('serveralivecountmax'), defaultKeepAlive.count) },
  };
}

function proxyOf(
  jump: string | null,
  command: string | null,
  passesDescriptor: boolean,
  expand: (text: string) => string,
): Proxy {
  if (jump !== null && jump.toLowerCase() !== 'none') {
    return { kind: 'jump', hops: jump.split(',').map((hop) => parseTarget(expand(hop))) };
  }
  if (command === null || command.toLowerCase() === 'none') {
    return { kind: 'none' };
  }
  if (passesDescriptor) {
    throw new ProviderError('unsupported', 'A ProxyCommand with ProxyUseFdpass cannot be used here.', {
      remedy: 'Use ProxyJump, or a ProxyCommand without ProxyUseFdpass, for this host in your ~/.ssh/config.',
    });
  }
  return { kind: 'command', command: expand(command) };
}

function agentOf(configured: string | null, expand: (text: string) => string): string | null {
  const own =
    process.env['SSH_AUTH_SOCK'] ?? (process.platform === 'win32' ? String.raw`\\.\pipe\openssh-ssh-agent` : null);
  if (configured === null || configured === 'SSH_AUTH_SOCK') {
    return own === '' ? null : own;
  }
  if (configured === 'none') {
    return null;
  }
  const variable = /^\$([A-Za-z_][A-Za-z0-9_]*)$/u.exec(configured)?.[1];
  return variable === undefined ? expand(configured) : (process.env[variable] ?? null);
}

/** `~`, `${VARIABLE}` and the tokens of ssh_config(5). */
function expandTokens(
  text: string,
  { alias, hostName, port, user }: Pick<HostConfig, 'alias' | 'hostName' | 'port' | 'user'>,
): string {
  const local = hostname();
  const tokens: Readonly<Record<string, string>> = {
    '%': '%',
    d: homedir(),
    h: hostName,
    n: alias,
    k: alias,
    p: `${port}`,
    r: user,
    u: userInfo().username,
    i: `${userInfo().uid}`,
    l: local,
    L: local.split('.')[0] ?? local,
    j: '',
    C: createHash('sha1').update(`${local}${hostName}${port}${user}`).digest('hex'),
  };
  return text
    .replace(/^~(?=\/|$)/u, () => homedir())
    .replace(/^__PROGRAMDATA__/u, () => process.env['ProgramData'] ?? '')
    .replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/gu, (_, name: string) => process.env[name] ?? '')
    .replaceAll(/%(.)/gu, (whole, token: string) => tokens[token] ?? whole);
}

function count(text: string | null, fallback: number): number {
  const number = Number(text ?? Number.NaN);
  return Number.isSafeInteger(number) && number > 0 ? number : fallback;
}

/** A time of ssh_config(5), as `90` or `1m30s`, in seconds; 0 for none. */
function seconds(text: string | null): number {
  if (text === null || !/^(?:[0-9]+[smhdw]?)+$/iu.test(text)) {
    return 0;
  }
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  return [...text.matchAll(/([0-9]+)([smhdw]?)/giu)].reduce(
    (sum, [, digits, unit]) => sum + Number(digits) * (units[unit?.toLowerCase() || 's'] ?? 1),
    0,
  );
}
