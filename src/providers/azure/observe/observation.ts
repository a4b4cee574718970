import * as z from 'zod/mini';
import type { EpochMs } from '../../../core/job.ts';
import type { JobState } from '../../../core/jobState.ts';
import { isTold } from '../../../core/observe.ts';
import type { Observation } from '../../../core/provider.ts';
import type { RunDetails } from '../client/runHistory.ts';
import { type Job, timeOf } from '../job.ts';
import { logStreamOf } from '../logs/logStream.ts';
import { endingOf } from './ending.ts';
import { lower } from './waiting.ts';

/** What was seen of a job before, or is known of it from the run history. */
export interface Past {
  readonly startedAt: EpochMs | null;
  readonly hasRun: boolean;
}

export interface Seen {
  readonly job: Job;
  /** null where they were not asked for, or are not there. */
  readonly details: RunDetails | null;
  readonly past: Past;
  /** Whether it runs on spot machines; null where that is not known. */
  readonly isSpot: boolean | null;
  /** Why it waits, in words; null where that is not known. */
  readonly waiting: { readonly explanation: string; readonly reason: string | null } | null;
  readonly observedAt: EpochMs;
}

/** `KnownJobStatus` of the service, in the contract's words. */
const states: Readonly<Record<string, Observation['state']>> = {
  NotStarted: 'queued',
  Queued: 'queued',
  Paused: 'queued',
  Starting: 'provisioning',
  Provisioning: 'provisioning',
  Preparing: 'provisioning',
  Running: 'running',
  // Its heartbeat is missing; any state may follow.
  NotResponding: 'running',
  // The command is done; outputs are collected.
  Finalizing: 'running',
  CancelRequested: 'cancelling',
  Completed: 'succeeded',
  Failed: 'failed',
  Canceled: 'cancelled',
};

const explanations: Readonly<Record<string, string>> = {
  Starting: 'Azure has begun with it and is getting its machines',
  NotResponding: 'Its machine has not been heard of for a while; Azure waits for it',
  Finalizing: 'The command has ended; Azure collects what it wrote',
  Preparing: 'Azure prepares the environment: it pulls the image, or builds it first',
  Provisioning: 'Azure gets the machine ready',
};

export function stateOf({ properties: { status } }: Job): Observation['state'] {
  const native = status ?? '';
  return Object.hasOwn(states, native) ? (states[native] ?? 'unknown') : 'unknown';
}

export function isEnded(state: Observation['state']): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/** Whether it waits for a machine. */
export function isWaiting(state: Observation['state']): boolean {
  return state === 'queued' || state === 'preempted';
}

/** Whether a job in that state has not begun, or is to begin again: a time that the run history gives may be that of its image. */
export function isBefore(state: Observation['state']): boolean {
  return state === 'queued' || state === 'provisioning';
}

/**
 * Whether a job that waits has run before, as far as the run history shows it: there is what its program printed, or, of a spot job,
 * when it started. (Others may be given a time when their image is built, before they wait for a machine.)
 */
export function hasBegun({ properties: { queueSettings } }: Job, details: RunDetails | null): boolean {
  const isSpot = queueSettings?.jobTier === 'Spot';
  const hasPrinted = Object.keys(details?.logFiles ?? {}).some((path) => logStreamOf(path)?.kind === 'user');
  return hasPrinted || (isSpot && Boolean(details?.startTimeUtc));
}

/** Of a job that could not be asked about now; `why` is null where it only has its turn later. */
export function unseen(why: string | null, observedAt: EpochMs): Observation {
  return {
    state: 'unseen',
    nativeState: 'not asked',
    reason: why,
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

export function observationOf(seen: Seen): Observation {
  const { job, details, past, isSpot, waiting, observedAt } = seen;
  const native = job.properties.status ?? '';
  const plain = stateOf(job);
  // There is no state for it: a job whose spot machine was taken away is simply back where it has been before.
  const isBack = past.hasRun && isBefore(plain);
  const state = isBack && isSpot === true ? 'preempted' : plain;
  const startedAt = past.hasRun || !isBefore(plain) ? (timeOf(details?.startTimeUtc) ?? past.startedAt) : null;
  const common = {
    nativeState: native,
    observedAt,
    startedAt,
    endedAt: null,
    exitCode: null,
    signal: null,
    nodes: nodesOf(job, state),
    tasks: [],
    native: z.parse(z.json(), { job, ...(details === null ? {} : { details: asReceived(details) }) }),
  };
  const told = warningOf(details);
  if (isEnded(state)) {
    return { ...common, ...endingOf(job, details, startedAt), nodes: [] };
  }
  if (state === 'preempted') {
    return {
      ...common,
      state,
      reason: waiting?.reason ?? told,
      explanation:
        plain === 'queued'
          ? 'Its machine was taken away; Azure starts it again when there is another'
          : 'Its machine was taken away; Azure is starting it on another',
    };
  }
  const why = (isWaiting(state) ? waiting?.explanation : undefined) ?? explanations[native];
  const explanation = isBack ? ['Azure starts it again', lower(why ?? '')].filter(Boolean).join(': ') : why;
  return {
    ...common,
    state,
    reason: (isWaiting(state) ? waiting?.reason : undefined) ?? told,
    ...(explanation === undefined ? {} : { explanation }),
  };
}

function nodesOf({ properties: { resources } }: Job, state: Observation['state']): Observation['nodes'] {
  const nodeState: JobState = isTold(state) ? state : 'queued';
  return state === 'running' || state === 'provisioning'
    ? Array.from({ length: Math.min(resources?.instanceCount ?? 1, 1000) }, (_, rank) => ({
        rank,
        host: null,
        state: nodeState,
      }))
    : [];
}

/** What Azure says beside the state, such as that quota is in use. */
function warningOf(details: RunDetails | null): string | null {
  const messages = (details?.warnings ?? []).flatMap(({ message }) => message ?? []);
  return messages.length === 0 ? null : [...new Set(messages)].join('\n');
}

/** As received, without the URLs of log files, which are signed: whoever has one can read it. */
function asReceived({ logFiles, ...details }: RunDetails): Readonly<Record<string, unknown>> {
  const own = Object.entries(details).filter(([name]) => name !== 'answeredAt');
  return { ...Object.fromEntries(own), logFiles: Object.keys(logFiles ?? {}) };
}
