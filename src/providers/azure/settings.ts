import * as z from 'zod/mini';
import { usableSettings } from '../../core/connectionSettings.ts';
import type { JsonObject } from '../../core/provider.ts';

/** `http:` only for this machine itself: a tunnel or a proxy that runs here. */
const endpoint = z.string().check(
  z.refine((text) => {
    const url = URL.canParse(text.replace('{account}', 'account'))
      ? new URL(text.replace('{account}', 'account'))
      : null;
    return (
      url !== null &&
      url.username === '' &&
      url.search === '' &&
      (url.protocol === 'https:' ||
        (url.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)))
    );
  }),
);

const settingsSchema = z.object({
  /** Id or domain of the Microsoft Entra tenant; left out: the one that the sign-in is at home in. */
  tenant: z.optional(z.string().check(z.regex(/^[A-Za-z0-9][-A-Za-z0-9.]{0,252}$/u))),
  subscription: z.string().check(z.regex(/^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/u)),
  resourceGroup: z.string().check(z.regex(/^[-\w.()]{1,90}$/u)),
  workspace: z.string().check(z.regex(/^[A-Za-z0-9][-A-Za-z0-9_]{1,254}$/u)),
  /** Name of the cluster that jobs go to unless they name another; left out: serverless compute. */
  compute: z.optional(z.string().check(z.regex(/^[A-Za-z0-9][-A-Za-z0-9_]{0,254}$/u))),
  /** Left out: Azure's public cloud. */
  cloud: z.optional(z.enum(['public', 'usGov', 'china'])),
  /** In place of the cloud's own: private links, proxies. */
  endpoints: z.optional(
    z.object({
      resourceManager: z.optional(endpoint),
      /** With `{account}` where the name of the storage account belongs. */
      blob: z.optional(endpoint),
      studio: z.optional(endpoint),
      /** Host that signs in, of a cloud that Microsoft's public one knows nothing of. */
      authority: z.optional(endpoint),
    }),
  ),
  apiVersion: z.optional(z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}(?:-preview)?$/u))),
  /** The only way to sign in that is tried; left out: each in this order. */
  credential: z.optional(z.enum(['editor', 'cli', 'environment', 'managedIdentity'])),
});

/** Which workspace a connection is to, and how it is reached. */
export type AzureSettings = z.infer<typeof settingsSchema>;

export type CredentialKind = NonNullable<AzureSettings['credential']>;

/** Throws `invalid`, naming the setting. */
export function parseSettings(settings: JsonObject): AzureSettings {
  return usableSettings(z.safeParse(settingsSchema, settings));
}
