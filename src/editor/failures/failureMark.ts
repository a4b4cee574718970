import type { Failure } from '../../core/failure/failure.ts';
import type { EpochMs, RunId } from '../../core/job.ts';
import type { RunFiles } from '../../engine/runFiles.ts';
import { chooseFailure } from './chooseFailure.ts';
import { FrameLinks } from './frameLinks.ts';

/** A failed run, as far as a mark names it. */
export interface FailedRun {
  readonly runId: RunId;
  readonly name: string;
  /** Absolute. */
  readonly sourceFolder: string;
  readonly endedAt: EpochMs;
}

/** A place in the code of a run that its failure went through. */
export interface CodeFrame {
  /** Relative to the source folder, `/` between parts. */
  readonly path: string;
  /** In the version that ran, counted from 1. */
  readonly line: number;
  readonly function: string | null;
  /** The line of the log that names it, counted from 0. */
  readonly logLine: number;
}

/** Where in the code a run failed, and why. What is text in it comes from the log: it may be anything. */
export interface FailureMark {
  readonly run: FailedRun;
  readonly type: string;
  readonly message: string;
  /** The innermost frame that is in the code of the run. */
  readonly place: CodeFrame;
  /** The frames that are in the code of the run, innermost first; `place` is the first of them. */
  readonly frames: readonly CodeFrame[];
  readonly code: RunFiles;
}

/** Frames beyond these tell nobody more. */
const mostFrames = 20;

/** null when the log does not say what failed, or it was not in the code of the run. */
export function markOf(run: FailedRun, failures: readonly Failure[], code: RunFiles): FailureMark | null {
  const chosen = chooseFailure(failures);
  if (chosen === null) {
    return null;
  }
  const links = new FrameLinks(code);
  for (let failure: Failure | null = chosen; failure !== null; failure = failure.cause) {
    const frames = failure.frames
      .toReversed()
      .flatMap(({ path: printed, line, function: name, logLine }): readonly CodeFrame[] => {
        const path = links.resolve(printed);
        return path === null ? [] : [{ path, line, function: name, logLine }];
      });
    const [place] = frames;
    if (place !== undefined) {
      return { run, type: chosen.type, message: chosen.message, place, frames: frames.slice(0, mostFrames), code };
    }
  }
  return null;
}
