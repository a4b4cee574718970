import type { EpochMs } from '../../../core/job.ts';
import { timeOf } from '../model/meta.ts';
import { container, disruption, endOf, indexOf, type Pod, type Terminated } from '../model/pod.ts';
import { exitCode as ownExit } from '../plan/scripts.ts';
import { signalOf } from '../../../core/linuxSignals.ts';

/** How a run that failed came to its end, as its pods tell. */
export interface Ending {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly reason: string | null;
  readonly explanation?: string;
}

/** The pod that failed first: the others are ended because of it. */
export function failedFirst(pods: readonly Pod[]): Pod | null {
  const failed = pods
    .filter((pod) => blame(pod) !== null)
    .toSorted((a, b) => failedAt(a) - failedAt(b) || endedByUs(a) - endedByUs(b) || indexOf(a) - indexOf(b));
  return failed[0] ?? pods.find(isEvicted) ?? null;
}

/** By its node, which says why. */
function isEvicted({ status }: Pod): boolean {
  return status.phase === 'Failed' && status.reason === 'Evicted';
}

/** See https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/. */
function explainEviction(pod: Pod): string | null {
  const { message = '' } = pod.status;
  if (!isEvicted(pod)) {
    return null;
  }
  const lacking = /low on resource: ([a-z-]+)/u.exec(message)?.[1];
  if (lacking !== undefined) {
    return `It was ended: its node ran out of ${lacking === 'ephemeral-storage' ? 'disk space' : lacking}`;
  }
  return /storage|EmptyDir/u.test(message) ? 'It used more disk space than it may and was ended' : null;
}

function failedAt(pod: Pod): EpochMs {
  return timeOf(blame(pod)?.end.finishedAt) ?? Number.POSITIVE_INFINITY;
}

/** SIGTERM and SIGKILL are how the others go. */
function endedByUs(pod: Pod): number {
  const code = blame(pod)?.end.exitCode;
  return code === 143 || code === 137 ? 1 : 0;
}

function blame(pod: Pod): { readonly name: string; readonly end: Terminated } | null {
  for (const name of [container.main, container.code]) {
    const end = endOf(pod, name);
    if (end !== null && end.exitCode !== 0) {
      return { name, end };
    }
  }
  return null;
}

export function endingOf(pod: Pod, of: number): Ending {
  const blamed = blame(pod);
  const where = of === 1 ? '' : `node ${indexOf(pod)}: `;
  const own = [pod.status.reason, pod.status.message?.trim()].filter(Boolean);
  const evicted = explainEviction(pod);
  if (blamed === null) {
    const reason = own.join(': ');
    return {
      exitCode: null,
      signal: null,
      reason: reason === '' ? null : where + reason,
      ...(evicted === null ? {} : { explanation: evicted }),
    };
  }
  const { name, end } = blamed;
  const signal = end.signal ? signalOf(end.signal + 128) : signalOf(end.exitCode);
  const told = [end.reason === 'Error' || end.reason === undefined ? null : end.reason, end.message?.trim() || null]
    .filter((text) => text !== null)
    .join(': ');
  const common = { exitCode: end.exitCode, signal: end.reason === 'StartError' ? null : signal };
  if (name === container.code) {
    return {
      ...common,
      exitCode: null,
      signal: null,
      reason: where + (told || `exit code ${end.exitCode}`),
      explanation: explainCode(end.exitCode),
    };
  }
  const gone = disruption(pod);
  const explanation = evicted ?? explainEnd(end);
  const reason =
    (evicted === null ? told : own.join(': ')) ||
    gone?.message ||
    (signal === null ? null : `exit code ${end.exitCode}`);
  return {
    ...common,
    reason: reason === null ? (of === 1 ? null : `${where}exit code ${end.exitCode}`) : where + reason,
    ...(explanation === null ? {} : { explanation }),
  };
}

function explainEnd(end: Terminated): string | null {
  if (end.reason === 'OOMKilled') {
    return 'It used more memory than it may and was ended by the kernel';
  }
  if (end.reason === 'StartError' || end.reason === 'ContainerCannotRun') {
    return 'The container could not be started: the image needs /bin/sh';
  }
  if (end.exitCode === ownExit.limit && end.message?.startsWith('time limit') === true) {
    return 'It reached its time limit';
  }
  if (end.exitCode === ownExit.noFolder) {
    return 'Its working folder cannot be entered';
  }
  return null;
}

function explainCode(code: number): string {
  switch (code) {
    case ownExit.noCode:
      return 'Its code was not sent to the pod in time: it is too large for the cluster to keep, and no editor that has it was open';
    case ownExit.damagedCode:
      return 'Its code arrived damaged, or the image has no tar and gzip to unpack it';
    case 127:
      return 'The image lacks what is needed to unpack the code: sh, tar, gzip and sha256sum';
    default:
      return 'Its code could not be put in place';
  }
}

/** Who took a pod away, in a sentence. */
export function explainDisruption(reason: string): string {
  switch (reason) {
    case 'PreemptionByScheduler':
      return 'A job of higher priority took its place';
    case 'EvictionByEvictionAPI':
      return 'It was evicted: its node is being emptied';
    case 'DeletionByTaintManager':
      return 'Its node was lost or is being taken out of service';
    case 'TerminationByKubelet':
      return 'Its node shut down or ran out of memory or disk';
    case 'DeletionByPodGC':
      return 'Its node is gone';
    default:
      return 'The cluster took its place away';
  }
}
