import type { ObservedState } from '../../../core/jobState.ts';

/** What Slurm's word for a state means. `ended`: nothing follows it by itself. */
interface StateMeaning {
  readonly state: ObservedState;
  readonly ended: boolean;
  /** Said when Slurm's reason says nothing. */
  readonly explanation?: string;
}

const live = (state: ObservedState, explanation?: string): StateMeaning => ({
  state,
  ended: false,
  ...(explanation === undefined ? {} : { explanation }),
});
const ended = (state: ObservedState, explanation?: string): StateMeaning => ({
  state,
  ended: true,
  ...(explanation === undefined ? {} : { explanation }),
});

const meanings: Readonly<Record<string, StateMeaning>> = {
  PENDING: live('queued'),
  REQUEUE_HOLD: live('queued', 'It is held back after it was put into the queue again'),
  REQUEUE_FED: live('queued'),
  RESV_DEL_HOLD: live('queued', 'It is held back because its reservation is gone'),
  SPECIAL_EXIT: live('queued', 'It ended with a code that makes Slurm hold it back for somebody to look at'),
  CONFIGURING: live('provisioning', 'Its nodes are being started'),
  POWER_UP_NODE: live('provisioning', 'Its nodes are being started'),
  REQUEUED: live('provisioning'),
  RESIZING: live('provisioning'),
  RUNNING: live('running'),
  SUSPENDED: live('running', 'It is suspended: another job uses its nodes for now'),
  STOPPED: live('running', 'It is stopped and keeps its nodes'),
  SIGNALING: live('running'),
  STAGE_OUT: live('running'),
  COMPLETING: live('running', 'It is ending'),
  COMPLETED: ended('succeeded'),
  FAILED: ended('failed'),
  OUT_OF_MEMORY: ended('failed', 'It needed more memory than it was given; ask for more'),
  BOOT_FAIL: ended('failed', 'Its node did not start'),
  NODE_FAIL: ended('failed', 'A node it ran on failed'),
  DEADLINE: ended('failed', 'It could not end before its deadline'),
  TIMEOUT: ended('failed', 'It reached its time limit'),
  LAUNCH_FAILED: ended('failed', 'Its nodes could not start it'),
  RECONFIG_FAIL: ended('failed', 'Its node could not be configured'),
  REVOKED: ended('failed', 'Another cluster of the federation took it'),
  CANCELLED: ended('cancelled'),
  PREEMPTED: ended(
    'preempted',
    'It had to make room for a job with a higher priority and was not put back into the queue',
  ),
};

/** `CANCELLED by 1000` and `RUNNING+` as well; undefined for a word that is new to us. */
export function meaningOf(nativeState: string): StateMeaning | undefined {
  const word = nativeState.split(/[ +]/u)[0] ?? '';
  return Object.hasOwn(meanings, word) ? meanings[word] : undefined;
}

/** As an extended regular expression for the shell that records the last word on a job. */
export const endedStates: readonly string[] = Object.entries(meanings)
  .filter(([, meaning]) => meaning.ended)
  .map(([word]) => word);
