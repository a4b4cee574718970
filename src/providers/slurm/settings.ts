import * as z from 'zod/mini';

import type { JsonObject } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';

/** What sbatch, scancel and the rest take as one word of their own language: no spaces, nothing a shell or `#SBATCH` reads. */
export const slurmWord = /^[A-Za-z0-9_.:@/+-]{1,200}$/u;

const word = z.nullable(z.string().check(z.regex(slurmWord)));

const settingsSchema = z.object({
  /** As `ssh` takes it: an alias of ~/.ssh/config, a name or `user@name`; null: Slurm's commands are on this machine. */
  host: z._default(z.nullable(z.string().check(z.minLength(1))), null),
  /** Another ssh_config than ~/.ssh/config; absolute. */
  sshConfig: z._default(z.nullable(z.string()), null),
  /** Folder on the cluster's shared disk for runs and code: absolute, or beginning with `~` or a variable such as `$SCRATCH`. */
  root: z._default(
    z.string().check(z.regex(/^(?:\/|~(?:\/|$)|\$[A-Za-z_][A-Za-z0-9_]*(?:\/|$))[^\p{Cc}]*$/u)),
    '~/.aloft',
  ),
  /** Defaults for jobs that choose none; null: Slurm's own. */
  partition: z._default(word, null),
  account: z._default(word, null),
  qos: z._default(word, null),
  /** Where jobs that may be preempted go; null: this cluster has no such place. */
  spotPartition: z._default(word, null),
  spotQos: z._default(word, null),
  /** Shell lines that make Slurm's commands available, run by a login shell: `module load slurm`. */
  prologue: z._default(z.string(), ''),
});

export type SlurmSettings = z.infer<typeof settingsSchema>;

/** Throws `invalid`, naming the setting. */
export function parseSettings(settings: JsonObject): SlurmSettings {
  const parsed = z.safeParse(settingsSchema, settings);
  if (parsed.success) {
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? 'settings');
  throw new ProviderError('invalid', `The setting "${name}" of this Slurm connection cannot be used.`, {
    field: name,
    remedy: 'Correct it in the settings of the connection.',
    ...(issue === undefined ? {} : { raw: issue.message }),
  });
}
