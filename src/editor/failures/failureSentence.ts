import type { Job } from '../../core/job.ts';
import type { Engine } from '../../engine/engine.ts';
import { t } from '../l10n.ts';
import { chooseFailure } from './chooseFailure.ts';
import { headline } from './markText.ts';

/** Characters of it. */
const longest = 200;

/**
 * What the log of a failed job says of that, in a sentence, where its provider says only how its program ended; null where the provider
 * knows more, or the log nothing. Waits for the rest of the log until the signal ends that. Never rejects.
 */
export async function loggedFailure(
  logs: Pick<Engine['logs'], 'failures'>,
  { runId, reason }: Pick<Job, 'runId' | 'reason'>,
  signal: AbortSignal,
): Promise<string | null> {
  if (reason !== null && !/^exit code \d+$/u.test(reason)) {
    return null;
  }
  const failures = await logs.failures(runId, signal).catch(() => []);
  const chosen = chooseFailure(failures);
  return chosen === null ? null : headline(chosen, longest);
}

/** Why a job failed, in a sentence: see `loggedFailure`, else what its provider says. */
export async function failureSentence(
  logs: Pick<Engine['logs'], 'failures'>,
  job: Pick<Job, 'runId' | 'reason'>,
  signal: AbortSignal,
): Promise<string> {
  return (await loggedFailure(logs, job, signal)) ?? job.reason ?? t('no reason was given');
}

/** A job whose reason says what its log does, see `loggedFailure`, and then how its program ended. */
export function explainedJob<J extends Pick<Job, 'reason'>>(job: J, logged: string | null): J {
  return logged === null ? job : { ...job, reason: job.reason === null ? logged : `${logged} · ${job.reason}` };
}
