import type { EpochMs } from './job.ts';
import { isTerminal, type JobState, mayFollow } from './jobState.ts';
import type { Observation } from './provider.ts';

/** What is known of an attempt before an observation arrives. */
export interface AttemptStatus {
  readonly state: JobState;
  readonly nativeState: string | null;
  readonly reason: string | null;
  readonly startedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Of the newest observation that was applied. */
  readonly observedAt: EpochMs | null;
}

/**
 * What is known after an observation. Older ones than the newest applied are dropped, a terminal state stays, a state that may
 * not follow the present one is not taken, and an unknown native state keeps the last known one and stores the native word.
 * Returns the very same object when nothing was learnt. `now` unmasks an observation from a clock that has been set back since:
 * it must not make all later ones look old.
 */
export function applyObservation(status: AttemptStatus, observed: Observation, now: EpochMs): AttemptStatus {
  const observation = inWholeMs(observed);
  const newest = status.observedAt !== null && status.observedAt <= now ? status.observedAt : null;
  const late = newest !== null && observation.observedAt < newest;
  if (late || isTerminal(status.state)) {
    return status;
  }
  const state = nextState(status.state, observation.state);
  if (state === undefined) {
    return status;
  }
  const ended = isTerminal(state);
  const next: AttemptStatus = {
    state,
    nativeState: observation.nativeState,
    reason: observation.reason,
    startedAt: observation.startedAt ?? status.startedAt,
    endedAt: ended ? (observation.endedAt ?? observation.observedAt) : null,
    exitCode: ended ? observation.exitCode : null,
    signal: ended ? observation.signal : null,
    observedAt: observation.observedAt,
  };
  return sameStatus(status, next) ? status : next;
}

/** Some clocks give fractions of a millisecond, which the store does not hold. */
function inWholeMs(observation: Observation): Observation {
  const { startedAt, endedAt, observedAt } = observation;
  return {
    ...observation,
    observedAt: Math.round(observedAt),
    startedAt: startedAt === null ? null : Math.round(startedAt),
    endedAt: endedAt === null ? null : Math.round(endedAt),
  };
}

/** Undefined when the observation must be dropped. */
function nextState(from: JobState, observed: Observation['state']): JobState | undefined {
  if (observed === 'unknown' || observed === from) {
    return from;
  }
  return mayFollow(from, observed) ? observed : undefined;
}

export function sameStatus(a: AttemptStatus, b: AttemptStatus): boolean {
  return (
    a.state === b.state &&
    a.nativeState === b.nativeState &&
    a.reason === b.reason &&
    a.startedAt === b.startedAt &&
    a.endedAt === b.endedAt &&
    a.exitCode === b.exitCode &&
    a.signal === b.signal &&
    a.observedAt === b.observedAt
  );
}
