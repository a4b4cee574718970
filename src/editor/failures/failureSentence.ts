import type { Job } from '../../core/job.ts';
import type { Engine } from '../../engine/engine.ts';
import { t } from '../l10n.ts';
import { chooseFailure } from './chooseFailure.ts';
import { headline } from './markText.ts';

/** Characters of it in a notification. */
const longest = 200;

/**
 * Why a job failed, in a sentence: what its provider says, unless that is only how its program ended; then what the log says of
 * that. Waits for the rest of the log until the signal ends that. Never rejects.
 */
export async function failureSentence(
  logs: Pick<Engine['logs'], 'failures'>,
  { runId, reason }: Pick<Job, 'runId' | 'reason'>,
  signal: AbortSignal,
): Promise<string> {
  const known = reason ?? t('no reason was given');
  if (reason !== null && !/^exit code \d+$/u.test(reason)) {
    return known;
  }
  const failures = await logs.failures(runId, signal).catch(() => []);
  const chosen = chooseFailure(failures);
  return chosen === null ? known : headline(chosen, longest);
}
