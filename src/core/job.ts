import type { JobSpec } from './jobSpec.ts';
import type { JobState } from './jobState.ts';
import type { Handle, ProviderId } from './provider.ts';

/** Milliseconds since the Unix epoch. */
export type EpochMs = number;

/** A ULID: 26 characters of Crockford base32, minted before anything leaves the machine. */
export type RunId = string & { readonly brand: 'RunId' };

/** SHA-256 (hex) of a snapshot's manifest: the same tree always has the same id. */
export type SnapshotId = string & { readonly brand: 'SnapshotId' };

/** Id of one configured account, cluster or host; `local` is always there. */
export type ConnectionId = string & { readonly brand: 'ConnectionId' };

/** What makes a submission idempotent: a backend never holds two jobs with the same key. */
export interface AttemptKey {
  readonly runId: RunId;
  /** 1 for the first submission, then counting up. */
  readonly attempt: number;
}

/** What the user submitted, and the newest that is known about it. */
export interface Job {
  readonly runId: RunId;
  readonly name: string;
  readonly spec: JobSpec;
  readonly snapshotId: SnapshotId | null;
  /** The folder the code was taken from, absolute, on the machine that submitted. */
  readonly sourceFolder: string;
  readonly state: JobState;
  /** The user asked for the job to end; the provider may not have said so yet. */
  readonly cancelRequestedAt: EpochMs | null;
  readonly createdAt: EpochMs;
  readonly startedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
  /** One plain sentence: why it waits, or how it ended. */
  readonly reason: string | null;
  /** Oldest first. Empty only while the job is a draft. */
  readonly attempts: readonly Attempt[];
}

/** One submission of a job to one connection. */
export interface Attempt {
  readonly number: number;
  readonly connectionId: ConnectionId;
  readonly providerId: ProviderId;
  readonly state: JobState;
  /** The provider's own word for the state, as received. */
  readonly nativeState: string | null;
  /** The provider's own explanation, as received. */
  readonly reason: string | null;
  /** The same in one plain sentence without a full stop; null where the provider gave none. */
  readonly explanation: string | null;
  /** When the provider expects to start it, while it waits: an estimate that is kept until another differs enough. */
  readonly expectedStartAt: EpochMs | null;
  readonly handle: Handle | null;
  readonly createdAt: EpochMs;
  /** When the provider accepted it. */
  readonly acceptedAt: EpochMs | null;
  readonly startedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
  readonly exitCode: number | null;
  /** Name of the signal that ended it, such as `SIGKILL`. */
  readonly signal: string | null;
  /** When the provider last answered for this attempt. */
  readonly observedAt: EpochMs | null;
  /** Why the newest question to the provider got no answer; null once it answers again. */
  readonly observeError: string | null;
  readonly nodes: readonly JobNode[];
  readonly tasks: readonly JobTask[];
}

/** A machine that runs part of an attempt. */
export interface JobNode {
  /** 0-based. */
  readonly rank: number;
  readonly host: string | null;
  readonly state: JobState;
}

/** One member of an array job or sweep; most jobs have one. */
export interface JobTask {
  /** 0-based. */
  readonly index: number;
  readonly state: JobState;
  readonly exitCode: number | null;
}

/** One entry of a job's timeline. */
export interface JobEvent {
  readonly at: EpochMs;
  /** 0 when it belongs to the job as a whole. */
  readonly attempt: number;
  readonly kind: JobEventKind;
  /** The state that began here; null when the event is no change of state. */
  readonly state: JobState | null;
  /** The plain sentence that is shown. */
  readonly text: string;
  /** The provider's own words, where there are any. */
  readonly native: string | null;
}

export type JobEventKind = 'state' | 'step' | 'cancel' | 'error' | 'log' | 'note';

const runIdPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/u;

export function isRunId(value: unknown): value is RunId {
  return typeof value === 'string' && runIdPattern.test(value);
}

/** `runId/attempt`: one string for maps and names. */
export function keyText(key: AttemptKey): string {
  return `${key.runId}/${key.attempt}`;
}

/** The attempt that decides the job's state: the newest one. */
export function currentAttempt(job: Job | undefined): Attempt | undefined {
  return job?.attempts.at(-1);
}
