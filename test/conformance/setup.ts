import type { JobSpec } from '../../src/core/jobSpec.ts';
import type { Abilities, Connection, Handle, JsonObject } from '../../src/core/provider.ts';
import type { ProviderErrorTag } from '../../src/core/providerError.ts';

/** The methods of a connection that wait. */
export type Method =
  | 'identity'
  | 'offers'
  | 'stage'
  | 'submit'
  | 'find'
  | 'list'
  | 'observe'
  | 'logs'
  | 'cancel'
  | 'outputs'
  | 'readOutput'
  | 'remove';

/**
 * Commands of the jobs that the cases run. A provider that executes commands takes `shellScenarios`; one whose backend is
 * played gives what makes that backend do the same. Sandboxed by nothing: they only touch their working folder.
 */
export interface Scenarios {
  /** Prints these bytes and succeeds. Where both streams are one in the log, all are stdout's and stderr has none. */
  readonly prints: { readonly command: string; readonly stdout: Uint8Array; readonly stderr: Uint8Array };
  /** Ends with exit code 3. */
  readonly fails: { readonly command: string };
  /** Is ended by the signal SIGKILL that nobody asked for. */
  readonly killed: { readonly command: string };
  /** Prints `ready` and a line feed on stdout, then runs until it is cancelled. */
  readonly endless: { readonly command: string };
  /** Prints this in several portions with pauses between them and succeeds; a second or so in all. */
  readonly slow: { readonly command: string; readonly stdout: Uint8Array };
  /** Writes these files, by path, and succeeds. */
  readonly writes: {
    readonly command: string;
    readonly files: Readonly<Record<string, Uint8Array>>;
    /** Matches some of the files and not others. */
    readonly glob: string;
    /** Paths, there or not, that lead out of the working folder and may neither be listed nor read. */
    readonly escapes: readonly string[];
  };
  /**
   * Listens on a free port of 127.0.0.1 where it runs, prints `port`, a space, the number and a line feed first of all on stdout,
   * then sends back what each connection brings, until it is cancelled. Needed where ports can be forwarded.
   */
  readonly serves?: { readonly command: string };
  /** Needed where shells can be opened. */
  readonly shell?: ShellScenario;
  /** What makes the backend refuse a job that `plan` takes. Needed where there are dry runs. */
  readonly refused?: Partial<JobSpec>;
}

/** What is typed into a shell of the backend. */
export interface ShellScenario {
  /** Lines that make it print something that is not in the line itself. */
  readonly says: readonly { readonly types: string; readonly prints: string }[];
  /** Makes it print rows and columns with a space between. */
  readonly asksSize: string;
  readonly exits: { readonly types: string; readonly code: number };
}

/** Ways to make the backend misbehave. Each concerns the next call only, unless it says otherwise. */
export interface Faults {
  /** What is submitted from now on stays queued until the returned function is called. */
  holdQueue(): Promise<() => Promise<void>>;
  /** The connection dies after the work was done. */
  loseReply(method: Method): Promise<void>;
  /** The connection dies before anything was done. */
  loseRequest(method: Method): Promise<void>;
  /** The request arrives at the backend twice. */
  duplicateRequest(method: Method): Promise<void>;
  /** The backend refuses with an error of that kind; returns the text it sends. */
  failNext(method: Method, tag: ProviderErrorTag): Promise<string>;
  /** The backend refuses for now and names a time, in ms. */
  rateLimitNext(method: Method, retryAfterMs: number): Promise<void>;
  /** The backend never answers and does nothing. The returned function waits until the call has arrived there. */
  hang(method: Method): Promise<() => Promise<void>>;
  /** The backend does the work and never answers. */
  hangAfterWork(method: Method): Promise<void>;
  /** The stream of the next `logs` dies after that many bytes. */
  dropLog(afterBytes: number): Promise<void>;
  /** The next observation of the job, which has been seen running or ended, says what was true before. */
  lateObservation(handle: Handle): Promise<void>;
  /** What is open between here and the backend dies: shells and forwarded ports. The jobs do not notice. */
  loseConnections(): Promise<void>;
  /** A command that prints `stdout` with one gap after its first `gapAfter` bytes, and succeeds. */
  gap(): Promise<{ readonly command: string; readonly stdout: Uint8Array; readonly gapAfter: number }>;
}

/** A backend that is there for one file of cases. */
export interface StartedProvider {
  /** A new connection to the same backend each time. The cases dispose of it. */
  open(): Promise<Connection>;
  readonly scenarios: Scenarios;
  readonly faults: Partial<Faults>;
  /**
   * For the case that a process which used a connection can end: absolute path of a module that exports `provider`, and
   * settings that reach the same backend.
   */
  readonly module: { readonly path: string; readonly settings: JsonObject } | null;
  stop(): Promise<void>;
}

export interface ProviderSetup {
  readonly abilities: Abilities;
  /** Connections have `watch`. */
  readonly pushes: boolean;
  /** Why a fault, or another process, cannot be had with this backend: its cases are skipped and their names say so. */
  readonly missing: Partial<Record<keyof Faults | 'module', string>>;
  start(): Promise<StartedProvider>;
}
