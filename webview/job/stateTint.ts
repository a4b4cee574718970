import type { JobState } from '../../src/core/jobState.ts';

/** One colour per state, the same in the header and the timeline. */
export const stateTint: Readonly<Record<JobState, 'green' | 'yellow' | 'red' | 'blue' | 'gray'>> = {
  draft: 'gray',
  staging: 'gray',
  submitting: 'gray',
  queued: 'yellow',
  provisioning: 'blue',
  running: 'green',
  preempted: 'yellow',
  cancelling: 'yellow',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'gray',
};
