import type { EpochMs, JobNode } from '../../../core/job.ts';
import { type JobState, waits } from '../../../core/jobState.ts';
import type { Observation } from '../../../core/provider.ts';
import { type Job, nodeCount } from '../model/job.ts';
import { holds, timeOf } from '../model/meta.ts';
import { container, disruption, endOf, indexOf, isOver, type Pod, statusOf } from '../model/pod.ts';
import type { Run } from '../state/runs.ts';
import { endingOf, explainDisruption, failedFirst } from './ending.ts';
import type { Hints } from './hints.ts';
import { verdictOf } from './verdict.ts';
import { explainWait, rankWord } from './waiting.ts';

/** What is common to all states of a run. */
type Body = Pick<Observation, 'state' | 'nativeState' | 'reason' | 'explanation'> &
  Partial<Pick<Observation, 'endedAt' | 'exitCode' | 'signal' | 'startedAt'>>;

/** What a Job and its pods say, in the contract's words. null when there is no Job. */
export function observationOf(run: Run, hints: Hints, observedAt: EpochMs): Observation | null {
  const { job } = run;
  if (job === null) {
    return null;
  }
  const pods = currentPods(run.pods);
  const of = nodeCount(job);
  const body = ended(job, run.pods, of) ?? live(job, pods, of, hints);
  return {
    observedAt,
    startedAt: waits(body.state) ? earlierStart(run.pods, of) : startOf(pods, of),
    endedAt: null,
    exitCode: null,
    signal: null,
    nodes: pods.map((pod) => nodeOf(pod)),
    tasks: [],
    native: run.native,
    ...withoutUndefined(body),
  };
}

function withoutUndefined(body: Body): Body {
  const { explanation, ...rest } = body;
  return explanation === undefined ? rest : { ...rest, explanation };
}

/** The newest pod of each rank: a replaced one is history. */
export function currentPods(pods: readonly Pod[]): readonly Pod[] {
  return [...new Map(pods.map((pod) => [indexOf(pod), pod])).values()].toSorted((a, b) => indexOf(a) - indexOf(b));
}

function ended(job: Job, pods: readonly Pod[], of: number): Body | null {
  const { conditions, completionTime } = job.status;
  const complete = holds(conditions, 'Complete');
  const failed = holds(conditions, 'Failed');
  const verdict = verdictOf(job);
  if (verdict !== null && complete === undefined) {
    const { state, reason, at } = verdict;
    const isFailed = state === 'failed';
    return {
      state,
      nativeState: isFailed ? 'Failed' : 'Cancelled',
      reason,
      ...(verdict.explanation === null ? {} : { explanation: verdict.explanation }),
      endedAt: at,
    };
  }
  if (complete !== undefined) {
    return {
      state: 'succeeded',
      nativeState: 'Complete',
      reason: null,
      exitCode: 0,
      endedAt: lastEnd(pods) ?? timeOf(completionTime) ?? timeOf(complete.lastTransitionTime),
    };
  }
  // What fails while it is being deleted fails because of that.
  if (failed === undefined || job.metadata.deletionTimestamp) {
    return null;
  }
  const endedAt = lastEnd(pods) ?? timeOf(failed.lastTransitionTime);
  const raw = [failed.reason, failed.message].filter(Boolean).join(': ');
  if (failed.reason === 'PodFailurePolicy') {
    const gone = pods.map(disruption).find((found) => found !== null);
    return {
      state: 'preempted',
      nativeState: 'PodFailurePolicy',
      reason: gone?.message || raw,
      explanation: `${explainDisruption(gone?.reason ?? '')}; Kubernetes does not start it again`,
    };
  }
  if (failed.reason === 'DeadlineExceeded') {
    return {
      state: 'failed',
      nativeState: 'DeadlineExceeded',
      reason: raw,
      explanation: 'It reached its time limit',
      endedAt,
    };
  }
  const blamed = failedFirst(pods);
  const ending = blamed === null ? { exitCode: null, signal: null, reason: raw } : endingOf(blamed, of);
  return { state: 'failed', nativeState: 'Failed', endedAt, ...ending };
}

function live(job: Job, pods: readonly Pod[], of: number, hints: Hints): Body {
  if (job.metadata.deletionTimestamp) {
    return { state: 'cancelling', nativeState: 'Terminating', reason: null };
  }
  const lost = pods.find((pod) => !isOver(pod) && hints.lostNodes.has(pod.spec.nodeName ?? ''));
  if (lost !== undefined) {
    const node = lost.spec.nodeName ?? '';
    return {
      state: startOf(pods, of) === null ? 'provisioning' : 'running',
      nativeState: 'NodeLost',
      reason: `node ${node}: Ready is Unknown`,
      explanation: `${rankWord(lost, of)}${capital(`the node ${node} no longer answers`, of === 1)}; the cluster waits for it before it gives it up`,
    };
  }
  const taken = pods.find((pod) => disruption(pod) !== null && endOf(pod, container.main)?.exitCode !== 0);
  if (taken !== undefined) {
    const { reason, message } = disruption(taken) ?? { reason: '', message: '' };
    return {
      state: 'preempted',
      nativeState: reason || 'DisruptionTarget',
      reason: message || null,
      explanation: explainDisruption(reason),
    };
  }
  const keeping = pods.filter(
    (pod) => endOf(pod, container.main) !== null && statusOf(pod, container.results)?.state?.running,
  );
  if (keeping.length > 0 && pods.every((pod) => endOf(pod, container.main) !== null)) {
    return {
      state: 'running',
      nativeState: 'KeepingResults',
      reason: null,
      explanation: 'It has ended; its results are being fetched',
    };
  }
  if (pods.length === of && pods.every(hasStarted)) {
    return { state: 'running', nativeState: 'Running', reason: null };
  }
  const wait = explainWait(job, pods, hints);
  const started = pods.filter(hasStarted).length;
  return {
    state: wait.state,
    nativeState: wait.native,
    reason: wait.reason,
    ...(started > 0
      ? {
          explanation: `${started} of ${of} nodes run${wait.explanation === undefined ? '' : `, for the others: ${wait.explanation}`}`,
        }
      : wait.explanation === undefined
        ? {}
        : { explanation: wait.explanation }),
  };
}

function capital(text: string, isFirst: boolean): string {
  return isFirst ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

function hasStarted(pod: Pod): boolean {
  const state = statusOf(pod, container.main)?.state;
  return Boolean(state?.running) || Boolean(state?.terminated) || isOver(pod);
}

/** When the last of them began; null before all have. */
function startOf(pods: readonly Pod[], of: number): EpochMs | null {
  const known = pods.map(startOfPod).filter((start) => start !== null);
  return known.length === of ? Math.max(...known) : null;
}

function startOfPod(pod: Pod): EpochMs | null {
  const state = statusOf(pod, container.main)?.state;
  return timeOf(state?.running?.startedAt ?? state?.terminated?.startedAt);
}

/** When a run that waits ran last, by its pods, those that were replaced as well (oldest first); null where not all of it has run. */
function earlierStart(pods: readonly Pod[], of: number): EpochMs | null {
  const newest = new Map(
    pods.flatMap((pod) => {
      const start = startOfPod(pod);
      return start === null ? [] : [[indexOf(pod), start]];
    }),
  );
  return newest.size === of ? Math.min(...newest.values()) : null;
}

function lastEnd(pods: readonly Pod[]): EpochMs | null {
  const ends = pods.map((pod) => timeOf(endOf(pod, container.main)?.finishedAt)).filter((end) => end !== null);
  return ends.length === 0 ? null : Math.max(...ends);
}

function nodeOf(pod: Pod): JobNode {
  return { rank: indexOf(pod), host: pod.spec.nodeName ?? null, state: stateOf(pod) };
}

function stateOf(pod: Pod): JobState {
  const main = statusOf(pod, container.main)?.state;
  if (main?.terminated) {
    return main.terminated.exitCode === 0 ? 'succeeded' : disruption(pod) === null ? 'failed' : 'preempted';
  }
  if (isOver(pod)) {
    return pod.status.phase === 'Succeeded' ? 'succeeded' : 'failed';
  }
  if (main?.running) {
    return pod.metadata.deletionTimestamp ? 'cancelling' : 'running';
  }
  return pod.spec.nodeName ? 'provisioning' : 'queued';
}

/** What keeps a run from ever starting, and how long that may last, in ms; null while the cluster can be left alone. */
export function troubleOf(
  run: Run,
  hints: Hints,
): { readonly patience: number; readonly explanation: string | null; readonly reason: string | null } | null {
  const { job } = run;
  if (job === null || job.metadata.deletionTimestamp || ended(job, run.pods, nodeCount(job)) !== null) {
    return null;
  }
  const { patience, explanation, reason } = explainWait(job, currentPods(run.pods), hints);
  return patience === undefined ? null : { patience, explanation: explanation ?? null, reason };
}
