import type { Plan } from './provider.ts';
import { ProviderError } from './providerError.ts';
import { shellNotice } from './shellNotice.ts';

export interface ByHand {
  readonly plan: Pick<Plan, 'command' | 'text' | 'language'>;
  /** Names of the secrets that a submission gives to the job. */
  readonly secrets: readonly string[];
  /** The code is where the command takes it from. */
  readonly isStaged: boolean;
}

/**
 * What people copy: the command of the plan, below a line that says what whoever runs it has to know; else its text as it is, which as
 * JSON nobody runs. Throws `unsupported` for a script or manifest of before there were commands: the job that somebody makes of it
 * names the run, and would be taken for it and deleted with it.
 */
export function commandByHand({ plan, secrets, isStaged }: ByHand): string {
  if (plan.command === undefined && plan.language !== 'json') {
    throw new ProviderError(
      'unsupported',
      'There is no command for this job, which an earlier version of Aloft planned: its request names the run, so that a job made of it by hand would be taken for that run.',
      { remedy: 'Copy the request from a preview, or submit the job again and copy that.' },
    );
  }
  if (plan.command === undefined) {
    return plan.text;
  }
  const code = isStaged
    ? 'its code is already in the storage'
    : 'its code may not be in the storage yet, where it comes with the first submission of these files, and without it the job fails';
  const without = secrets.length === 0 ? '' : `, and it goes without the ${listed(secrets)}`;
  const notice = shellNotice(
    `This makes a job of its own, which Aloft neither follows nor deletes: ${code}${without}.`,
  );
  return `${notice}${plan.command}`;
}

function listed(secrets: readonly string[]): string {
  const last = secrets.at(-1) ?? '';
  return secrets.length === 1 ? `secret ${last}` : `secrets ${secrets.slice(0, -1).join(', ')} and ${last}`;
}
