import { isFor, type KnownHost, knownHostName } from './entry.ts';

export type Verdict =
  | { readonly kind: 'known' }
  /** `certificateAuthority`: there is one that vouches for the host, with certificates that cannot be asked for here. */
  | { readonly kind: 'unknown'; readonly certificateAuthority: KnownHost | null }
  /** The host had another key. */
  | { readonly kind: 'changed'; readonly entry: KnownHost }
  | { readonly kind: 'revoked'; readonly entry: KnownHost };

/** What the entries say of a host that shows a key. `hasAlias`: `host` is a HostKeyAlias, which has no port. */
export function judgeHostKey(
  entries: readonly KnownHost[],
  { host, port, hasAlias }: HostName,
  key: Uint8Array,
): Verdict {
  const names = namesOf({ host, port, hasAlias });
  const ours = entries.filter((entry) => names.some((name) => isFor(entry, name)));
  const revoked = ours.find((entry) => entry.marker === 'revoked' && entry.key.equals(key));
  if (revoked !== undefined) {
    return { kind: 'revoked', entry: revoked };
  }
  const plain = ours.filter((entry) => entry.marker === null);
  if (plain.some((entry) => entry.key.equals(key))) {
    return { kind: 'known' };
  }
  // Without the port it may be another server of the same machine, whose key says nothing of this one.
  const exact = plain.find((entry) => isFor(entry, names[0] ?? ''));
  return exact === undefined
    ? { kind: 'unknown', certificateAuthority: ours.find(({ marker }) => marker === 'cert-authority') ?? null }
    : { kind: 'changed', entry: exact };
}

export interface HostName {
  readonly host: string;
  readonly port: number;
  readonly hasAlias: boolean;
}

/** The types of key that a host is known by, best known first: what is asked for, so that it shows a key that can be compared. */
export function knownKeyTypes(entries: readonly KnownHost[], name: HostName): readonly string[] {
  const names = namesOf(name);
  const known = names.flatMap((one) => entries.filter((entry) => entry.marker === null && isFor(entry, one)));
  return [...new Set(known.map(({ keyType }) => keyType))];
}

/** The name to look up and to write down, then those that will do as well. */
export function namesOf({ host, port, hasAlias }: HostName): readonly string[] {
  const exact = hasAlias ? host.toLowerCase() : knownHostName(host, port);
  return [...new Set([exact, host.toLowerCase()])];
}
