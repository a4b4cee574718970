import * as z from 'zod/mini';
import { usableSettings } from '../../core/connectionSettings.ts';
import type { JsonObject } from '../../core/provider.ts';

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
  return usableSettings(z.safeParse(settingsSchema, settings));
}
