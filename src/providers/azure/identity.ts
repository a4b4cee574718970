import * as z from 'zod/mini';
import type { Identity } from '../../core/provider.ts';

const claimsSchema = z.looseObject({
  upn: z.optional(z.string()),
  preferred_username: z.optional(z.string()),
  unique_name: z.optional(z.string()),
  email: z.optional(z.string()),
  app_displayname: z.optional(z.string()),
  appid: z.optional(z.string()),
  name: z.optional(z.string()),
  oid: z.optional(z.string()),
  tid: z.optional(z.string()),
});

/**
 * Who a token of Microsoft Entra is for. It is read, not checked: that is for whoever it is sent to. The sign-in behind it renews
 * tokens by itself, and does not say until when.
 */
export function identityOf(token: string): Identity {
  const claims = claimsOf(token);
  const person = claims?.upn ?? claims?.preferred_username ?? claims?.unique_name ?? claims?.email;
  const app = claims?.app_displayname ?? claims?.appid ?? claims?.oid;
  return { account: person ?? (app === undefined ? 'Azure' : `the application ${app}`), expiresAt: null };
}

/** Id of the tenant that a token is for; null where that cannot be told. */
export function tenantOf(token: string): string | null {
  return claimsOf(token)?.tid ?? null;
}

/**
 * Whether something that was made by `createdBy`, which is a mail address, an id, or the name that a person is shown by, may have been
 * made by whom a token is for. True where that cannot be told, as for guests, whose addresses are written in several ways.
 */
export function mayBeOf(token: string, createdBy: string | null): boolean {
  const claims = claimsOf(token);
  if (createdBy === null || createdBy.trim() === '' || claims === null) {
    return true;
  }
  const addresses = [claims.upn, claims.preferred_username, claims.unique_name, claims.email];
  const known = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu.test(createdBy)
    ? [claims.oid, claims.appid]
    : createdBy.includes('@')
      ? addresses
      : [claims.name, claims.app_displayname];
  const own = known.flatMap((each) => each?.trim().toLowerCase() ?? []);
  const isGuest = addresses.some((each) => each?.includes('#') === true) || createdBy.includes('#');
  return own.length === 0 || isGuest || own.includes(createdBy.trim().toLowerCase());
}

function claimsOf(token: string): z.infer<typeof claimsSchema> | null {
  try {
    const text = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    return z.safeParse(claimsSchema, JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
