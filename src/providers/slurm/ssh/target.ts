import { ProviderError } from '../../../core/providerError.ts';

/** Where to go, as somebody would say it to `ssh`: an alias of ssh_config or a host name, and what overrides the config. */
export interface SshTarget {
  readonly host: string;
  readonly user: string | null;
  readonly port: number | null;
}

/** What ssh itself refuses in names since 9.6: signs of a shell, quotes, spaces, control characters, a dash in front. */
const safeName = /^[^\p{C}\p{Z}'"`$\\;&<>|(){},*?!#-][^\p{C}\p{Z}'"`$\\;&<>|(){},*?!#]*$/u;
/** Active Directory's names hold a backslash. */
const safeUser = /^[^\p{C}\p{Z}'"`$;&<>|(){},*?!#-][^\p{C}\p{Z}'"`$;&<>|(){},*?!#]*$/u;

/** Reads `alias`, `host:port`, `user@host`, `user@host:port`, `user@[::1]:port` or the same after `ssh://`. Throws `invalid`. */
export function parseTarget(text: string): SshTarget {
  const trimmed = text.trim().replace(/^ssh:\/\//u, '');
  const at = trimmed.lastIndexOf('@');
  const user = at < 0 ? null : trimmed.slice(0, at);
  const { host, port } = splitPort(trimmed.slice(at + 1));
  const problem = problemOf(user, host, port);
  if (problem !== null) {
    throw new ProviderError('invalid', problem, {
      field: 'host',
      remedy: 'Use a host of your ~/.ssh/config, or user@host, or user@host:port.',
    });
  }
  return { host, user, port: port === null ? null : Number(port) };
}

/** What is wrong with a target in a sentence; null when nothing is. */
export function checkTarget(text: string): string | null {
  try {
    parseTarget(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function splitPort(place: string): { readonly host: string; readonly port: string | null } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/u.exec(place);
  if (bracketed !== null) {
    return { host: bracketed[1] ?? '', port: bracketed[2] ?? null };
  }
  const colon = place.indexOf(':');
  // More than one colon: an IPv6 address without brackets has no port.
  return colon < 0 || colon !== place.lastIndexOf(':')
    ? { host: place, port: null }
    : { host: place.slice(0, colon), port: place.slice(colon + 1) };
}

function problemOf(user: string | null, host: string, port: string | null): string | null {
  if (host === '') {
    return 'A host is needed.';
  }
  if (!safeName.test(host)) {
    return `"${host}" cannot be the name of a host.`;
  }
  if (user !== null && !safeUser.test(user)) {
    return `"${user}" cannot be the name of a user.`;
  }
  if (port !== null && !(/^[0-9]{1,5}$/u.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
    return `"${port}" is no port: it is a number from 1 to 65535.`;
  }
  return null;
}
