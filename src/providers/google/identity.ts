import * as z from 'zod/mini';
import type { Identity } from '../../core/provider.ts';
import type { GoogleAccess } from './client/access.ts';

const tokenSchema = z.object({ email: z.optional(z.string()) });

/** Who the credentials are. Only some tokens tell: where Google does not say, the project stands in. */
export async function whoAmI(access: GoogleAccess, signal: AbortSignal): Promise<Identity> {
  const account = (await namedByFile(access)) ?? (await namedByToken(access, signal)) ?? access.project;
  // A token lasts an hour, but the credentials get another one by themselves.
  return { account, expiresAt: null };
}

const clientSchema = z.object({
  /** Of a service account's key. */
  email: z.optional(z.string()),
  /** Of an impersonated account. */
  targetPrincipal: z.optional(z.string()),
});

async function namedByFile(access: GoogleAccess): Promise<string | null> {
  const client = z.safeParse(clientSchema, await access.signIn.client()).data;
  return client?.targetPrincipal ?? client?.email ?? null;
}

async function namedByToken(access: GoogleAccess, signal: AbortSignal): Promise<string | null> {
  try {
    const { token } = await access.signIn.getAccessToken();
    const path = `/tokeninfo?access_token=${encodeURIComponent(token ?? '')}`;
    return z.safeParse(tokenSchema, await access.rest({ api: 'oauth2', path }, signal)).data?.email ?? null;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
