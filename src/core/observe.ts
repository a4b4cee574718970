import { settledEstimate } from './estimate.ts';
import type { EpochMs } from './job.ts';
import { groupOf, isTerminal, type JobState, mayFollow, type ObservedState } from './jobState.ts';
import type { Observation } from './provider.ts';

/** What is known of an attempt before an observation arrives. */
export interface AttemptStatus {
  readonly state: JobState;
  readonly nativeState: string | null;
  readonly reason: string | null;
  readonly explanation: string | null;
  readonly expectedStartAt: EpochMs | null;
  readonly startedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Of the newest observation that was applied. */
  readonly observedAt: EpochMs | null;
}

/**
 * What is known after an observation; an unknown native state keeps the last known one and stores the native word. Returns the
 * very same object when nothing was learnt or the observation does not count.
 */
export function applyObservation(status: AttemptStatus, observation: Observation, now: EpochMs): AttemptStatus {
  const state = nextState(status, observation, now);
  if (state === undefined) {
    return status;
  }
  const ended = isTerminal(state);
  const next: AttemptStatus = {
    state,
    nativeState: observation.nativeState,
    reason: observation.reason,
    explanation: observation.explanation ?? null,
    expectedStartAt:
      groupOf(state) === 'waiting'
        ? settledEstimate(status.expectedStartAt, wholeMs(observation.expectedStartAt ?? null), now)
        : null,
    startedAt: wholeMs(observation.startedAt) ?? status.startedAt,
    endedAt: ended ? wholeMs(observation.endedAt ?? observation.observedAt) : null,
    exitCode: ended ? observation.exitCode : null,
    signal: ended ? observation.signal : null,
    observedAt: wholeMs(observation.observedAt),
  };
  return sameStatus(status, next) ? status : next;
}

/**
 * The state that an observation leads to; undefined when it does not count, because nobody could look, it is older than the newest
 * applied, comes after the end, or is of a state that may not follow the present one. `now` unmasks one from a clock that has been set back
 * since: it must not make all later ones look old.
 */
export function nextState(status: AttemptStatus, observation: Observation, now: EpochMs): JobState | undefined {
  const newest = status.observedAt !== null && status.observedAt <= now ? status.observedAt : null;
  const isLate = newest !== null && observation.observedAt < newest;
  if (isLate || isTerminal(status.state) || observation.state === 'unseen') {
    return undefined;
  }
  if (observation.state === 'unknown' || observation.state === status.state) {
    return status.state;
  }
  return mayFollow(status.state, observation.state) ? observation.state : undefined;
}

/** Whether an observation says how the attempt is. */
export function isTold(state: Observation['state']): state is ObservedState {
  return state !== 'unknown' && state !== 'unseen';
}

/** Some clocks give fractions of a millisecond, which the store does not hold. Rounded down, so that now stays now. */
function wholeMs<T extends EpochMs | null>(time: T): T | EpochMs {
  return time === null ? time : Math.floor(time);
}

export function sameStatus(a: AttemptStatus, b: AttemptStatus): boolean {
  return (
    a.state === b.state &&
    a.nativeState === b.nativeState &&
    a.reason === b.reason &&
    a.explanation === b.explanation &&
    a.expectedStartAt === b.expectedStartAt &&
    a.startedAt === b.startedAt &&
    a.endedAt === b.endedAt &&
    a.exitCode === b.exitCode &&
    a.signal === b.signal &&
    a.observedAt === b.observedAt
  );
}
