import type { Failure } from '../../core/failure/failure.ts';

/** Failures that only tell of another one: a launcher whose child failed, a scheduler that noticed. */
const echo =
  /(?:^|\.)(?:ChildFailedError|CalledProcessError|ProcessExitedException|DistBackendError|BrokenProcessPool|DistNetworkError|SystemExit)$|^slurm: (?:task failed|error)$|^NCCL (?:error|timeout)$|^SIGABRT$|^SIGTERM$/u;

/** Failures that lie farther apart than this, in lines, are not of the same end. */
const oneEnd = 1_000;

/**
 * The failure that explains how a run ended, out of those near the end of its log in the order of that log; null when there is
 * none. Warnings and what was told long before the last failure do not count. A launcher that names the rank it blames is
 * believed; else, when several ranks failed together, the one whose last failure was told first dragged the others along; else
 * the last failure is it. What only echoes another failure is taken when there is nothing better. Of an exception group the
 * first member is taken, as the group itself says nothing.
 */
export function chooseFailure(failures: readonly Failure[]): Failure | null {
  const errors = failures.filter(({ level }) => level === 'error').toSorted((a, b) => a.lastLine - b.lastLine);
  const end = errors.at(-1)?.lastLine ?? 0;
  const atEnd = errors.filter(({ lastLine }) => end - lastLine <= oneEnd);
  const roots = atEnd.filter(({ type }) => !echo.test(type));
  const blamed = atEnd.findLast(({ type, rank }) => echo.test(type) && rank !== null)?.rank ?? null;
  const ofBlamed = blamed === null ? undefined : roots.findLast(({ rank }) => rank === blamed);
  const chosen = ofBlamed ?? firstOfRanks(roots) ?? roots.at(-1) ?? atEnd.at(-1);
  return chosen === undefined ? null : innermostMember(chosen);
}

/** Undefined when fewer than two ranks failed. */
function firstOfRanks(failures: readonly Failure[]): Failure | undefined {
  const lastOfRank = new Map<number, Failure>();
  for (const failure of failures) {
    if (failure.rank !== null) {
      lastOfRank.set(failure.rank, failure);
    }
  }
  return lastOfRank.size < 2 ? undefined : [...lastOfRank.values()].toSorted((a, b) => a.firstLine - b.firstLine)[0];
}

function innermostMember(failure: Failure): Failure {
  const [first] = failure.members;
  return first === undefined ? failure : innermostMember(first);
}
