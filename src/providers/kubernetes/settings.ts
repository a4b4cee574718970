import * as z from 'zod/mini';
import type { JsonObject } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';

const settingsSchema = z.object({
  /** Absolute path of a kubeconfig; left out: those that kubectl would read. */
  kubeconfig: z.optional(z.string().check(z.minLength(1))),
  context: z.string().check(z.minLength(1)),
  namespace: z.string().check(z.regex(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/u)),
});

/** Which namespace of which cluster a connection is to. */
export type ClusterSettings = z.infer<typeof settingsSchema>;

/** Throws `invalid`, naming the setting. */
export function parseSettings(settings: JsonObject): ClusterSettings {
  const parsed = z.safeParse(settingsSchema, settings);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new ProviderError('invalid', `The setting "${field}" of this connection is not usable.`, {
      raw: parsed.error.message,
      field,
      remedy: 'Remove the connection and add it again.',
    });
  }
  return parsed.data;
}
