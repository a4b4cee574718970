import type { AcceleratorName } from './accelerator.ts';
import type { ProviderId } from './provider.ts';

/** What to run and on what. Everything but `name` and `command` has a default. */
export interface JobSpec {
  /** Shown in lists; one line, at most 100 characters. */
  readonly name: string;
  /** A command line for the shell, run in the working folder. */
  readonly command: string;
  /** A command line run once before `command`, in the same shell and folder; its failure fails the job. */
  readonly setup: string | null;
  /** Relative to the snapshot's root, `/` between parts; `.` is the root. */
  readonly workingDirectory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Names of secrets; each becomes an environment variable of the same name. */
  readonly secrets: readonly string[];
  readonly image: string | null;
  readonly accelerator: AcceleratorRequest | null;
  readonly nodes: number;
  readonly spot: boolean;
  readonly region: string | null;
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
  readonly diskBytes: number | null;
  /** Connections or providers in order of preference; empty: any. */
  readonly providers: readonly ProviderId[];
  /** Globs of result files, relative to the working folder. */
  readonly outputs: readonly string[];
  readonly limits: JobLimits;
}

export interface AcceleratorRequest {
  readonly name: AcceleratorName;
  /** Per node, at least 1. */
  readonly count: number;
}

export interface JobLimits {
  readonly durationMs: number | null;
  /** How long it may wait in queues before it is given up. */
  readonly waitMs: number | null;
  readonly costUsd: number | null;
}
