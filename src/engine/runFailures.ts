import type { Failure } from '../core/failure/failure.ts';
import { FailureScanner } from '../core/failure/failureScanner.ts';
import { KeptIndex } from './log/keptIndex.ts';
import { LogIndex } from './log/logIndex.ts';
import { LogLines } from './log/logLines.ts';
import type { LogSource } from './log/logSource.ts';

/** How many lines before the end of a log are searched for what ended the run. */
const lastLines = 20_000;
const linesAtOnce = 1_000;

/**
 * What went wrong near the end of a log, in the order in which it was told. Lines are numbered from 0. `indexFile`: where the index of
 * the log is kept, so that a large log is counted once, however often that is broken off. Rejects with the system's error or the
 * signal's reason.
 */
export async function failuresAtEnd(
  source: LogSource,
  indexFile: string,
  signal: AbortSignal,
): Promise<readonly Failure[]> {
  const index = new LogIndex(source);
  await count(index, source, indexFile, signal);
  const lines = new LogLines(source, index);
  const scanner = new FailureScanner();
  for (let from = Math.max(0, index.lines - lastLines); from < index.lines; from += linesAtOnce) {
    for (const { line, stream, text } of await lines.rows(from, linesAtOnce)) {
      scanner.push({ number: line, stream: String(stream), text });
    }
    signal.throwIfAborted();
  }
  for (const [position, { stream, text }] of (await lines.partial()).entries()) {
    scanner.push({ number: index.lines + position, stream: String(stream), text });
  }
  return scanner.end();
}

async function count(index: LogIndex, source: LogSource, indexFile: string, signal: AbortSignal): Promise<void> {
  await source.look(index.end, index.edges);
  const kept = new KeptIndex(indexFile, index, source);
  await kept.restore();
  try {
    while (await index.advance()) {
      signal.throwIfAborted();
    }
  } finally {
    await index.pause();
    await kept.save();
  }
}
