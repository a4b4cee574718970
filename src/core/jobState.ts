/** The life of a job; see DESIGN in ARCHITECTURE.md for the picture. */
export const jobStates = [
  'draft',
  'staging',
  'submitting',
  'queued',
  'provisioning',
  'running',
  'preempted',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
] as const;

export type JobState = (typeof jobStates)[number];

export type TerminalState = 'succeeded' | 'failed' | 'cancelled';

/** The states a provider can report; the others are ours. */
export type ObservedState = Exclude<JobState, 'draft' | 'staging' | 'submitting'>;

/** Providers are sampled, so a state in between may never be seen: `queued` can be followed by `succeeded`. */
const fromBackend: readonly JobState[] = [
  'queued',
  'provisioning',
  'running',
  'preempted',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
];

const without = (...states: readonly JobState[]): readonly JobState[] =>
  fromBackend.filter((state) => !states.includes(state));

/** What may follow what. A state never follows itself: that is no transition. */
export const transitions: Readonly<Record<JobState, readonly JobState[]>> = {
  draft: ['staging', 'failed', 'cancelled'],
  staging: ['submitting', 'cancelling', 'failed', 'cancelled'],
  submitting: fromBackend,
  queued: without('queued'),
  provisioning: without('provisioning'),
  running: without('running'),
  preempted: ['staging', ...without('preempted')],
  cancelling: ['succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
};

export function mayFollow(from: JobState, to: JobState): boolean {
  return transitions[from].includes(to);
}

/** Whether a job in that state has not the machines it needs. */
export function waits(state: JobState | 'unknown' | 'unseen'): boolean {
  return state === 'queued' || state === 'provisioning' || state === 'preempted';
}

export function isTerminal(state: JobState): state is TerminalState {
  return transitions[state].length === 0;
}

/** The three groups of the Jobs tree. */
export type JobGroup = 'running' | 'waiting' | 'finished';

export function groupOf(state: JobState): JobGroup {
  if (isTerminal(state)) {
    return 'finished';
  }
  return state === 'running' || state === 'cancelling' ? 'running' : 'waiting';
}
