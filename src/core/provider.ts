import type { AttemptKey, EpochMs, JobNode, JobTask, SnapshotId } from './job.ts';
import type { JobSpec } from './jobSpec.ts';
import type { ObservedState } from './jobState.ts';
import type { LogCursor, LogItem } from './logChunk.ts';
import type { Offer, OfferQuery } from './offer.ts';
import type { ProviderPorts, SetUpPorts } from './ports.ts';

export type ProviderId = string;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** A kind of backend. It describes itself and opens connections; it holds no state. */
export interface Provider {
  readonly id: ProviderId;
  /** The name people know it by: "This machine", "Google Cloud". */
  readonly label: string;
  readonly abilities: Abilities;
  /** Opens one configured account, cluster or host. No network: the first call that needs it connects. */
  connect(settings: JsonObject, ports: ProviderPorts): Connection;
  /**
   * Asks for what a new connection needs, in as few questions as can be; undefined when the person went away. Secrets are no part of
   * the answer. Absent where there is nothing to set up. Rejects with a ProviderError.
   */
  setUp?(ports: SetUpPorts, signal: AbortSignal): Promise<NewConnection | undefined>;
}

export interface NewConnection {
  /** A name to begin with; the person may change it. */
  readonly label: string;
  /** For `connect`; kept in plain text. */
  readonly settings: JsonObject;
}

/** What a provider can do; the editor shows this instead of pretending that all are alike. */
export interface Abilities {
  readonly spot: boolean;
  readonly multiNode: boolean;
  readonly containerImage: boolean;
  /** Jobs may be sent to one part of it: a region of a cloud, a partition of a Slurm cluster. */
  readonly regions: boolean;
  /** Lines can be read while the job runs. */
  readonly liveLogs: boolean;
  /** Usual age of a line, in ms, when the provider hands it out. */
  readonly logDelayMs: number;
  /** Every job that is preempted goes back to the queue without being submitted again; false where only some do. */
  readonly resumesAfterPreemption: boolean;
  /**
   * How long a job may wait for its machines unless it says otherwise, in ms; then Aloft cancels it. Absent where the backend itself
   * ends a wait for what it cannot give, or where long waits are the rule, as on clusters that are shared.
   */
  readonly usualWaitMs?: number;
  /** Connections have `dryRun`. */
  readonly dryRun: boolean;
  /** Connections have `openShell`. */
  readonly shell: boolean;
  /** Connections have `forwardPort`. */
  readonly portForward: boolean;
}

/** The provider's name for an attempt. Stored as it is; only the provider reads `data`. */
export interface Handle {
  /** Unique within its connection. */
  readonly id: string;
  readonly data: JsonObject;
}

/** What a provider says about an attempt now. */
export interface Observation {
  /**
   * `unknown`, a word that is not known, keeps the last known state and shows `nativeState`. `unseen`: this attempt could not be looked
   * at, though others could: all that was known stays, and `reason` says why in plain words; null where it only has its turn later.
   */
  readonly state: ObservedState | 'unknown' | 'unseen';
  readonly nativeState: string;
  /** The provider's own explanation, as received. */
  readonly reason: string | null;
  /** The same in one plain sentence without a full stop, where the provider's own words need one; shown before them. */
  readonly explanation?: string;
  /** When the backend expects to start what waits; an estimate. */
  readonly expectedStartAt?: EpochMs;
  /** When the provider knew this (its own clock where it tells, else when the request was sent). Orders observations. */
  readonly observedAt: EpochMs;
  readonly startedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly nodes: readonly JobNode[];
  readonly tasks: readonly JobTask[];
  /** The provider's record as received, for the Details tab. */
  readonly native: Json;
}

export interface Identity {
  /** Who we are there: `ada@lab.example`, `root on this machine`. */
  readonly account: string;
  /** Until when the sign-in lasts; null when it does not end. */
  readonly expiresAt: EpochMs | null;
}

export interface PlanInput {
  readonly spec: JobSpec;
  readonly key: AttemptKey;
  readonly snapshotId: SnapshotId;
  /**
   * The Python of the folder that the code was taken from, absolute, on the machine of the editor; null when none was chosen. Of
   * use only to a provider that runs jobs there.
   */
  readonly interpreter: string | null;
}

/** The exact native request. Secrets appear by name only. */
export interface Plan {
  readonly request: Json;
  /** The request exactly as it is sent, as people of that backend write it, and what language it is in. */
  readonly text: string;
  readonly language: 'json' | 'yaml' | 'shellscript';
  /**
   * A command for a shell that makes the same job by hand; only where `text` is JSON, which people do not run, may it be absent. It is a run of its own: it carries
   * nothing by which the provider takes a job for a submission of Aloft's or deletes it with one, and no secrets. It takes the code
   * from where `stage` puts it. Shown with `commandByHand`.
   */
  readonly command?: string;
  /** Choices the provider could not honour exactly, in plain sentences. */
  readonly warnings: readonly string[];
}

/** An immutable set of files, readable as one deterministic tar archive. */
export interface Snapshot {
  readonly id: SnapshotId;
  readonly files: number;
  /** Sum of the file sizes, in bytes. */
  readonly bytes: number;
  /** Consecutive pieces of the archive, each addressed by the SHA-256 (hex) of its bytes; unchanged files keep their piece. */
  readonly pieces: readonly SnapshotPiece[];
  /** Path of a file that holds exactly the bytes of that piece. */
  piecePath(piece: SnapshotPiece): string;
}

export interface SnapshotPiece {
  readonly sha256: string;
  readonly bytes: number;
}

/** Where staged code is, in the provider's own terms. Stored in the journal. */
export type StagedCode = JsonObject;

export interface StageProgress {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

export interface SubmitInput {
  readonly plan: Plan;
  readonly key: AttemptKey;
  readonly staged: StagedCode;
  /** Values of the secrets the spec names. Never stored, never logged. */
  readonly secrets: ReadonlyMap<string, string>;
}

export interface OutputFile {
  /** Relative, `/` between parts. Not to be trusted: it may try to escape. */
  readonly path: string;
  readonly bytes: number;
  readonly modifiedAt: EpochMs | null;
}

/** What the backend says of a request that was shown to it but not made. */
export interface DryRun {
  readonly accepted: boolean;
  /** One plain sentence without a full stop. */
  readonly explanation: string;
  /** When it would start; null where the backend does not say. */
  readonly expectedStartAt: EpochMs | null;
  /** The backend's own answer, as received. */
  readonly raw: string;
}

/** A choice for a job that only this backend has; its value goes into `JobSpec.options`. */
export interface JobOption {
  /** camelCase, letters and digits. */
  readonly name: string;
  readonly label: string;
  /** One sentence. */
  readonly help: string;
  /** Known values; empty where the backend does not list them. */
  readonly choices: readonly JobOptionChoice[];
  /** A value that is not among the choices may be typed. */
  readonly mayType: boolean;
  /** What is used when nothing is chosen, in words; null: nothing. */
  readonly fallback: string | null;
}

export interface JobOptionChoice {
  readonly value: string;
  readonly description: string;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A terminal in a running attempt. Ends with the signal it was opened with. */
export interface Shell {
  /** What the terminal prints; ends when the shell does, rejects with a ProviderError when the connection is lost. */
  readonly output: AsyncIterable<Uint8Array>;
  /** How the shell ended, once its output has; null, as without this, where the backend does not say. */
  exitCode?(): number | null;
  write(bytes: Uint8Array): void;
  resize(size: TerminalSize): void;
  /** Lets go of it; the attempt runs on. */
  close(): void;
}

/** A port of this machine whose connections end at a port of the attempt. Closed by its signal or by `close`. */
export interface ForwardedPort {
  readonly localPort: number;
  /** Resolves when nothing is forwarded any more, with the reason in a sentence; null when it was closed on purpose. */
  readonly closed: Promise<string | null>;
  close(): void;
}

/** Which member of an attempt: 0-based. */
export interface AttemptMember {
  readonly task: number;
  readonly node: number;
}

/** Where a person finds the attempt outside Aloft. */
export type Location =
  /** A folder of the editor's own machine, absolute. */
  | { readonly kind: 'folder'; readonly path: string }
  /** A folder of another machine, absolute. `host` as the person's `ssh` takes it: an alias, a name or `user@name`. */
  | { readonly kind: 'remoteFolder'; readonly host: string; readonly path: string }
  /** `site`: what people call it, in the middle of a sentence: `Azure ML studio`. */
  | { readonly kind: 'url'; readonly url: string; readonly site: string };

/**
 * One configured account, cluster or host. Every method that waits takes a signal and rejects with the signal's reason
 * when it is aborted; every other rejection is a ProviderError (see providerError.ts).
 */
export interface Connection {
  identity(signal: AbortSignal): Promise<Identity>;
  /**
   * The person is there and wants to sign in anew; resolves to false when they went away. Absent where the next call that needs it
   * asks by itself.
   */
  signIn?(signal: AbortSignal): Promise<boolean>;
  offers(query: OfferQuery, signal: AbortSignal): Promise<readonly Offer[]>;
  /** Spec to native request: pure, no network. Throws `unsupported` or `invalid`. */
  plan(input: PlanInput): Plan;
  /** Puts the code where the job will find it; content-addressed, so unchanged code is not sent again. */
  stage(snapshot: Snapshot, signal: AbortSignal, onProgress: (progress: StageProgress) => void): Promise<StagedCode>;
  /**
   * Rejects with `unsupported` when `stage` puts this code where the `command` of no plan finds it. Sends nothing. Absent where each
   * command finds what was staged.
   */
  checkByHand?(snapshot: Snapshot, signal: AbortSignal): Promise<void>;
  /** Idempotent for `key`: a second call with the same key returns the first call's job. */
  submit(input: SubmitInput, signal: AbortSignal): Promise<Handle>;
  /** The other half of idempotence: the attempt with this key, or null when the backend certainly has none. */
  find(key: AttemptKey, signal: AbortSignal): Promise<Handle | null>;
  /** Every attempt of ours that the backend still has; rebuilds a lost store. */
  list(signal: AbortSignal): Promise<readonly FoundAttempt[]>;
  /** One request for all of them. A handle that is absent from the result is no longer known to the backend. */
  observe(handles: readonly Handle[], signal: AbortSignal): Promise<ReadonlyMap<string, Observation>>;
  /** Pushed observations, where the backend can; ends with the signal. */
  watch?(signal: AbortSignal): AsyncIterable<{ readonly handleId: string; readonly observation: Observation }>;
  /**
   * The attempt's output from `cursor` (null: from the beginning). While the attempt runs it goes on; it returns when the
   * attempt has ended and everything was handed out.
   */
  logs(handle: Handle, cursor: LogCursor | null, signal: AbortSignal): AsyncIterable<LogItem>;
  /** Asks; the truth still comes from observe. Asking again, or after the end, is not an error. */
  cancel(handle: Handle, signal: AbortSignal): Promise<void>;
  /**
   * Files that match the globs, relative to the job's working folder; whatever the globs, also what is in folders that the backend itself
   * gives each job for its results, checkpoints apart.
   */
  outputs(handle: Handle, globs: readonly string[], signal: AbortSignal): Promise<readonly OutputFile[]>;
  readOutput(handle: Handle, path: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Removes what the backend still keeps of an ended attempt. Already gone is not an error. */
  remove(handle: Handle, signal: AbortSignal): Promise<void>;
  /** Shows a plan to the backend without making anything. */
  dryRun?(plan: Plan, signal: AbortSignal): Promise<DryRun>;
  /** Choices for a job that only this backend has. */
  jobOptions?(signal: AbortSignal): Promise<readonly JobOption[]>;
  /** A terminal in one member of a running attempt; the signal ends it. */
  openShell?(handle: Handle, member: AttemptMember, size: TerminalSize, signal: AbortSignal): Promise<Shell>;
  /** Listens on 127.0.0.1, at `remotePort` where that is free here, and forwards to it in one member of a running attempt. */
  forwardPort?(handle: Handle, member: AttemptMember, remotePort: number, signal: AbortSignal): Promise<ForwardedPort>;
  location(handle: Handle): Location | null;
  /** The absolute folder that the attempt's code lies in on the machine that runs it, where that is known: tracebacks name files in it. */
  codeFolder?(handle: Handle): string | null;
  /** Lets go of sockets and timers; jobs go on. */
  dispose(): Promise<void>;
}

export interface FoundAttempt {
  readonly key: AttemptKey;
  readonly handle: Handle;
  readonly name: string;
  readonly createdAt: EpochMs;
  /** The spec as `specToInput` wrote it, where the backend carries it. Not to be trusted: `parseJobSpec` before use. */
  readonly spec: Json;
}
