import type { Job } from '../../core/job.ts';
import type { Abilities } from '../../core/provider.ts';
import { t } from '../l10n.ts';

export type Ability = 'shell' | 'portForward';

export interface ReachFacts {
  readonly job: Job;
  /** The name of its connection. */
  readonly place: string;
  /** undefined when the connection is gone. */
  readonly abilities: Abilities | undefined;
  readonly isTrusted: boolean;
}

/**
 * Why a shell cannot be opened in a job now, or a port of it forwarded, in a sentence; null when it can. Neither happens in a
 * workspace that is not trusted: what is typed into such a shell runs with the person's rights elsewhere.
 */
export function reachProblem(ability: Ability, { job, place, abilities, isTrusted }: ReachFacts): string | null {
  if (abilities === undefined) {
    return t('{0} is not connected any more.', place);
  }
  if (!abilities[ability]) {
    return ability === 'shell'
      ? t('{0} cannot open a shell in a job.', place)
      : t('{0} cannot forward ports of a job.', place);
  }
  if (job.state !== 'running') {
    return t('{0} is not running.', job.name);
  }
  return isTrusted ? null : t('This workspace is not trusted, so nothing can be opened in a job from it.');
}
