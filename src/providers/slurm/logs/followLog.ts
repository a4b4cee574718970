import type { LogCursor, LogItem } from '../../../core/logChunk.ts';
import type { RunName } from '../../../core/runName.ts';
import type { SlurmShell } from '../shell/slurmShell.ts';
import type { Frame } from './frames.ts';
import { advance, type LogHub } from './logHub.ts';
import { readLogs } from './logReader.ts';
import { decodePosition, encodePosition, type FilePosition, streamOf } from './position.ts';

export interface LogSource {
  readonly shell: SlurmShell;
  /** A hub that does not follow the run yet. */
  readonly hub: (run: RunName) => LogHub;
  /** Resolves when the attempt has ended, or is gone. `hint`: aborted when that seems to be so. */
  readonly untilEnded: (hint: AbortSignal, signal: AbortSignal) => Promise<void>;
  /** Whether it has ended already; one look. */
  readonly hasEnded: () => Promise<boolean>;
}

/** The log of a run from the cursor on, until the attempt has ended and everything was handed out. */
export async function* followLog(
  run: RunName,
  cursor: LogCursor | null,
  source: LogSource,
  signal: AbortSignal,
): AsyncGenerator<LogItem, void> {
  const position = decodePosition(cursor);
  if (!(await source.hasEnded())) {
    yield* followWhileLive(run, position, source, signal);
  }
  // Whatever was written before the end is there by now.
  for await (const frame of readLogs(source.shell, 'once', new Map([[run, position]]), signal)) {
    if (frame.kind !== 'gone') {
      yield* itemsOf(frame, position);
    }
  }
}

async function* followWhileLive(
  run: RunName,
  position: Map<string, FilePosition>,
  { hub, untilEnded }: LogSource,
  signal: AbortSignal,
): AsyncGenerator<LogItem, void> {
  const ended = new AbortController();
  const hint = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  let failure: { readonly error: unknown } | undefined;
  const watching = untilEnded(hint.signal, either).then(
    () => {
      ended.abort();
    },
    (error: unknown) => {
      failure = { error };
      ended.abort();
    },
  );
  try {
    for await (const frame of hub(run).follow(run, position, either)) {
      if (frame.kind === 'ended' || frame.kind === 'gone') {
        hint.abort();
      }
      yield* itemsOf(frame, position);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (failure !== undefined) {
      throw failure.error;
    }
    if (!ended.signal.aborted) {
      throw error;
    }
  } finally {
    ended.abort();
    await watching;
  }
}

function* itemsOf(frame: Frame, position: Map<string, FilePosition>): Generator<LogItem, void> {
  const isOther = (frame.kind === 'bytes' || frame.kind === 'cut') && streamOf(frame.file) === null;
  if (frame.kind === 'round' || isOther || !advance(position, frame)) {
    return;
  }
  if (frame.kind === 'bytes') {
    const stream = streamOf(frame.file);
    if (stream !== null) {
      yield { kind: 'bytes', stream, bytes: frame.bytes, time: null, cursor: encodePosition(position) };
    }
  } else if (frame.kind === 'cut') {
    yield {
      kind: 'gap',
      stream: streamOf(frame.file),
      from: null,
      to: null,
      reason: `${frame.file} was cut or replaced on the cluster; what it holds now, ${frame.length} bytes, follows`,
      cursor: encodePosition(position),
    };
  } else if (frame.kind === 'gone') {
    yield {
      kind: 'gap',
      stream: null,
      from: null,
      to: null,
      reason: 'the run folder was removed on the cluster',
      cursor: encodePosition(position),
    };
  }
}
