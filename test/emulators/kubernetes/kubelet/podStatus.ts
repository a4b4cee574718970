import type { Condition, PodSpec, PodStatus } from '../objects/types.ts';
import type { ContainerRun } from './containerRun.ts';

/** The phase that the states of the containers make. */
export function podPhase(
  { restartPolicy = 'Always' }: PodSpec,
  initRuns: readonly ContainerRun[],
  runs: readonly ContainerRun[],
  isFailed: boolean,
  isLeaving: boolean,
): string {
  const inits = initRuns.filter(({ isSidecar }) => !isSidecar);
  const isInitFailed = inits.some(({ terminated }) => terminated !== undefined && terminated.exitCode !== 0);
  const isRunning = [...initRuns, ...runs].some((run) => run.isRunning);
  if (isFailed || (isInitFailed && restartPolicy === 'Never')) {
    return 'Failed';
  }
  const ended = runs.map(({ terminated }) => terminated);
  const areAllOver = ended.every((state) => state !== undefined);
  if (isLeaving && !isRunning) {
    return areAllOver && ended.every((state) => state?.exitCode === 0) ? 'Succeeded' : 'Failed';
  }
  if (areAllOver && restartPolicy === 'Never') {
    // The pod is over when its sidecars are.
    return isRunning ? 'Running' : ended.every((state) => state?.exitCode === 0) ? 'Succeeded' : 'Failed';
  }
  if (areAllOver && restartPolicy === 'OnFailure' && ended.every((state) => state?.exitCode === 0)) {
    return isRunning ? 'Running' : 'Succeeded';
  }
  const hasBegun = runs.every(({ status }) => status.state.waiting === undefined || status.restartCount > 0);
  return hasBegun && runs.length > 0 ? 'Running' : 'Pending';
}

export function kubeletConditions(status: PodStatus, isSandboxed: boolean): Condition[] {
  const { initContainerStatuses = [], containerStatuses = [], phase } = status;
  const waitingInits = initContainerStatuses.filter(({ ready }) => !ready).map(({ name }) => name);
  const unready = containerStatuses.filter(({ ready }) => !ready).map(({ name }) => name);
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  const isInitialized = waitingInits.length === 0 || phase === 'Succeeded';
  const why =
    phase === 'Succeeded'
      ? { reason: 'PodCompleted' }
      : phase === 'Failed'
        ? { reason: 'PodFailed' }
        : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const isReady = unready.length === 0 && !isOver;
  return [
    { type: 'PodReadyToStartContainers', status: isSandboxed && !isOver ? 'True' : 'False' },
    {
      type: 'Initialized',
      status: isInitialized ? 'True' : 'False',
      ...(isInitialized
        ? phase === 'Succeeded'
          ? { reason: 'PodCompleted' }
          : {}
        : {
            reason: 'ContainersNotInitialized',
            message: `containers with incomplete status: [${waitingInits.join(' ')}]`,
          }),
    },
    { type: 'Ready', status: isReady ? 'True' : 'False', ...(isReady ? {} : why) },
    { type: 'ContainersReady', status: isReady ? 'True' : 'False', ...(isReady ? {} : why) },
  ];
}
