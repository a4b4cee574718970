import { availableParallelism } from 'node:os';
import * as z from 'zod/mini';
import type { JsonObject } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';

const settingsSchema = z.object({
  /** Absolute path of the supervisor's program. */
  supervisorPath: z.string().check(z.minLength(1)),
  /** Absolute path of a Node, or of an Electron that can act as one. */
  nodePath: z._default(z.string(), process.execPath),
  /** Absolute path of the folder that holds every run of this connection. */
  root: z.string().check(z.minLength(1)),
  /** Jobs without an accelerator that may run at once. */
  slots: z._default(z.int().check(z.positive()), Math.max(1, Math.floor(availableParallelism() / 2))),
  /** How long a job may take to end by itself after SIGTERM, in seconds. */
  graceSeconds: z._default(z.number().check(z.nonnegative()), 10),
});

export type LocalSettings = z.infer<typeof settingsSchema>;

/** Throws `invalid`, naming the setting. */
export function parseSettings(settings: JsonObject): LocalSettings {
  const result = z.safeParse(settingsSchema, settings);
  if (!result.success) {
    const issue = result.error.issues[0];
    const field = issue?.path.join('.') ?? '';
    throw new ProviderError(
      'invalid',
      `The setting "${field}" of this machine is not usable: ${issue?.message ?? ''}`,
      {
        field,
        remedy: 'Correct it in the settings.',
      },
    );
  }
  return result.data;
}
