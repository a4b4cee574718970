import type { Failure } from '../core/failure/failure.ts';
import { FailureScanner } from '../core/failure/failureScanner.ts';
import { LogIndex } from './log/logIndex.ts';
import { LogLines } from './log/logLines.ts';
import type { LogSource } from './log/logSource.ts';

/** How many lines before the end of a log are searched for what ended the run. */
const lastLines = 20_000;
const linesAtOnce = 1_000;

/** What went wrong near the end of a log, in the order in which it was told. Lines are numbered from 0. Rejects with the system's error or the signal's reason. */
export async function failuresAtEnd(source: LogSource, signal: AbortSignal): Promise<readonly Failure[]> {
  const index = new LogIndex(source);
  const lines = new LogLines(source, index);
  await source.look(index.end, index.edges);
  while (await index.advance()) {
    signal.throwIfAborted();
  }
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
