import type { JobState } from './jobState.ts';

const sentences: Readonly<Record<JobState, string>> = {
  draft: 'Being written',
  staging: 'Preparing the code',
  submitting: 'Sending the request',
  queued: 'Waiting in the queue',
  provisioning: 'Starting',
  running: 'Running',
  preempted: 'Preempted',
  cancelling: 'Being cancelled',
  succeeded: 'Succeeded',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

/** The timeline's plain words for a state that began; the provider's reason follows where there is one. */
export function stateSentence(state: JobState, reason: string | null): string {
  return reason === null || reason === '' ? sentences[state] : `${sentences[state]}: ${reason}`;
}

/** Why an attempt is in its state, in one sentence: the plain one where there is one, else the provider's own words. */
export function whySentence(why: {
  readonly explanation: string | null;
  readonly reason: string | null;
}): string | null {
  return why.explanation ?? why.reason;
}

/** How an ended job is explained when the provider gave no reason. */
export function endReason(end: {
  readonly state: JobState;
  readonly exitCode: number | null;
  readonly signal: string | null;
}): string | null {
  if (end.state !== 'failed') {
    return null;
  }
  if (end.signal !== null) {
    return `ended by ${end.signal}`;
  }
  return end.exitCode === null ? null : `exit code ${end.exitCode}`;
}
