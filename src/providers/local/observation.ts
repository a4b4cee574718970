import { hostname } from 'node:os';
import type { EpochMs } from '../../core/job.ts';
import type { Observation } from '../../core/provider.ts';
import type { ObservedState } from '../../core/jobState.ts';
import type { RunState } from './runState.ts';

/** What a run's state file says, in the contract's words. */
export function observationOf(state: RunState, observedAt: EpochMs): Observation {
  const observed = observedState(state);
  const started = state.phase === 'running' || state.phase === 'ended' ? state.startedAt : null;
  const ended = state.phase === 'ended' ? state : null;
  return {
    state: observed,
    nativeState: state.phase,
    reason: state.phase === 'queued' ? state.reason : (ended?.reason ?? null),
    observedAt,
    startedAt: started,
    endedAt: ended?.endedAt ?? null,
    exitCode: ended?.exitCode ?? null,
    signal: ended?.signal ?? null,
    nodes: started === null ? [] : [{ rank: 0, host: hostname(), state: observed }],
    tasks: [],
    native: { ...nativeOf(state) },
  };
}

/** For a run whose state cannot be told now: the last known one stays. */
export function unknownObservation(reason: string, observedAt: EpochMs): Observation {
  return {
    state: 'unknown',
    nativeState: 'unknown',
    reason,
    observedAt,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    signal: null,
    nodes: [],
    tasks: [],
    native: null,
  };
}

function observedState(state: RunState): ObservedState {
  switch (state.phase) {
    case 'queued':
      return 'queued';
    case 'starting':
      return 'provisioning';
    case 'running':
      return state.stopping?.why === 'cancel' ? 'cancelling' : 'running';
    case 'ended':
      return state.outcome;
  }
}

function nativeOf(state: RunState): RunState {
  return state;
}
