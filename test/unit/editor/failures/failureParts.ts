import type { Failure, Frame } from '../../../../src/core/failure/failure.ts';
import type { RunFiles } from '../../../../src/engine/runFiles.ts';
import { runId } from '../../../fixtures/editor/jobs.ts';
import type { CodeFrame, FailedRun, FailureMark } from '../../../../src/editor/failures/failureMark.ts';

export function frame(path: string, line: number, logLine = line): Frame {
  return { path, line, function: 'step', logLine, start: 0, end: 0 };
}

export function failure(type: string, fields: Partial<Failure> = {}): Failure {
  return {
    type,
    message: 'it broke',
    rank: null,
    frames: [],
    firstLine: 0,
    lastLine: fields.firstLine ?? 0,
    cause: null,
    members: [],
    level: 'error',
    ...fields,
  };
}

/** A run's code with a text for each path. */
export function codeOf(texts: Readonly<Record<string, string>>, fields: Partial<RunFiles> = {}): RunFiles {
  return {
    paths: new Set(Object.keys(texts)),
    roots: ['/runs/one/work'],
    startFolder: '.',
    text: async (path) => await Promise.resolve(texts[path] ?? null),
    ...fields,
  };
}

export const failedRun: FailedRun = { runId, name: 'train.py', sourceFolder: '/home/ada/lab', endedAt: 1_000_000 };

export function mark(fields: Partial<FailureMark> = {}): FailureMark {
  const place: CodeFrame = { path: 'model/layers.py', line: 10, function: 'project', logLine: 7 };
  return {
    run: failedRun,
    type: 'RuntimeError',
    message: 'shape mismatch',
    place,
    frames: [place, { path: 'train.py', line: 9, function: null, logLine: 5 }],
    code: codeOf({}),
    ...fields,
  };
}
