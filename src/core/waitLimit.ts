import type { JobSpec } from './jobSpec.ts';
import type { Abilities } from './provider.ts';

/** How long a job may wait for its machines, in ms; null: without end. */
export function waitLimit({ limits }: JobSpec, abilities: Pick<Abilities, 'usualWaitMs'> | undefined): number | null {
  return limits.waitMs === 'never' ? null : (limits.waitMs ?? abilities?.usualWaitMs ?? null);
}
