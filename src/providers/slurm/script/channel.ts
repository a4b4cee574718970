import type { Readable, Writable } from 'node:stream';

/** A command line that a login shell was given, under way. */
export interface ScriptChannel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the command has ended; rejects with a ProviderError when its end will never be known. */
  readonly ended: Promise<ChannelEnd>;
  /** Lets go of it at once; what was watched over is ended there. */
  close(): void;
}

export interface ChannelEnd {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  /** `SIGKILL`, … */
  readonly signal: string | null;
}

/** Opens a channel for a command line. `longLived`: it may stay for hours. */
export type OpenChannel = (commandLine: string, longLived: boolean, signal: AbortSignal) => Promise<ScriptChannel>;
