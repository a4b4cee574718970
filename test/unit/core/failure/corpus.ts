import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Failure, Frame } from '../../../../src/core/failure/failure.ts';
import { FailureScanner, type LogLine } from '../../../../src/core/failure/failureScanner.ts';
import { matchFrame } from '../../../../src/core/failure/localFile.ts';

const folder = join(import.meta.dirname, '../../../fixtures/tracebacks');

const frameSchema = z.object({
  path: z.string(),
  line: z.number(),
  function: z.nullable(z.string()),
  /** The file of the snapshot it must open, if any. */
  local: z.nullable(z.string()),
});
export type ExpectedFrame = z.infer<typeof frameSchema>;

const failureSchema = z.object({
  type: z.string(),
  /** How the message begins. */
  message: z.string(),
  rank: z.nullable(z.number()),
  level: z.enum(['error', 'warning']),
  frames: z.array(frameSchema),
  get cause() {
    return z.nullable(failureSchema);
  },
  get members() {
    return z.array(failureSchema);
  },
});
export type ExpectedFailure = z.infer<typeof failureSchema>;

const sampleSchema = z.object({
  files: z.array(z.string()),
  roots: z.array(z.string()),
  failures: z.array(failureSchema),
});

export interface Sample extends z.infer<typeof sampleSchema> {
  readonly name: string;
  readonly lines: readonly string[];
}

const linesOf = (path: string): readonly string[] => readFileSync(path, 'utf8').replace(/\n$/, '').split('\n');
const texts = (path: string): readonly string[] => readdirSync(path).filter((name) => name.endsWith('.txt'));

export function samples(): readonly Sample[] {
  return texts(folder).map((file) => {
    const name = file.slice(0, -'.txt'.length);
    const expected: unknown = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    return { name, lines: linesOf(join(folder, file)), ...z.parse(sampleSchema, expected) };
  });
}

/** Logs without a failure and without a place in a file. */
export function negatives(): readonly { readonly name: string; readonly lines: readonly string[] }[] {
  const inside = join(folder, 'negative');
  return texts(inside).map((name) => ({ name, lines: linesOf(join(inside, name)) }));
}

/** All failures of a log, in the order in which they begin. */
export function scan(lines: Iterable<LogLine>): readonly Failure[] {
  const scanner = new FailureScanner();
  const found: Failure[] = [];
  for (const line of lines) {
    scanner.push(line);
    found.push(...scanner.take());
  }
  return [...found, ...scanner.end()].toSorted((a, b) => a.firstLine - b.firstLine);
}

export const numbered = (lines: readonly string[], stream = 'out'): LogLine[] =>
  lines.map((text, index) => ({ number: index + 1, text, stream }));

/** A failure in the form of the corpus, with the message cut to the length of the expected one. */
export function described(failure: Failure, expected: ExpectedFailure | undefined, sample: Sample): ExpectedFailure {
  return {
    type: failure.type,
    message:
      expected === undefined || expected.message === ''
        ? failure.message
        : failure.message.slice(0, expected.message.length),
    rank: failure.rank,
    level: failure.level,
    frames: failure.frames.map((frame) => describedFrame(frame, sample)),
    cause: failure.cause === null ? null : described(failure.cause, expected?.cause ?? undefined, sample),
    members: failure.members.map((member, index) => described(member, expected?.members[index], sample)),
  };
}

const describedFrame = ({ path, line, function: name }: Frame, { files, roots }: Sample): ExpectedFrame => ({
  path,
  line,
  function: name,
  local: matchFrame(path, new Set(files), roots),
});

interface Tree<F> {
  readonly frames: readonly F[];
  readonly cause: Tree<F> | null;
  readonly members: readonly Tree<F>[];
}

/** All frames of failures, with those of their causes and members. */
export function allFrames<F>(failures: readonly Tree<F>[]): readonly F[] {
  return failures.flatMap((failure) => [
    ...failure.frames,
    ...allFrames(failure.cause === null ? [] : [failure.cause]),
    ...allFrames(failure.members),
  ]);
}
