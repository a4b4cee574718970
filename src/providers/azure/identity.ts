import * as z from 'zod/mini';
import type { Identity } from '../../core/provider.ts';

const claimsSchema = z.looseObject({
  upn: z.optional(z.string()),
  preferred_username: z.optional(z.string()),
  unique_name: z.optional(z.string()),
  email: z.optional(z.string()),
  app_displayname: z.optional(z.string()),
  appid: z.optional(z.string()),
  oid: z.optional(z.string()),
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

function claimsOf(token: string): z.infer<typeof claimsSchema> | null {
  try {
    const text = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    return z.safeParse(claimsSchema, JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
