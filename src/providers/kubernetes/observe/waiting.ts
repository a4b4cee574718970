import { type Job, queueOf, workloadOwner } from '../model/job.ts';
import { container, indexOf, type Pod, statusOf } from '../model/pod.ts';
import { explainRefused } from './admission.ts';
import type { Hints } from './hints.ts';
import { explainImage } from './imageTrouble.ts';
import { explainKueue } from './kueue.ts';
import { explainUnschedulable } from './scheduling.ts';

/** Why a run has not started. */
export interface Wait {
  readonly state: 'queued' | 'provisioning';
  /** The cluster's word. */
  readonly native: string;
  readonly explanation?: string;
  /** The cluster's own text. */
  readonly reason: string | null;
  /** How long this may last until Aloft ends it, in ms: Kubernetes itself would let it wait for ever. */
  readonly patience?: number;
}

/** Images, keys and volumes that cannot be had: long enough for a registry that is being restarted. In ms. */
export const startTroubleFor = 600_000;
/** What the cluster refuses for good: long enough for a rule that is being rolled out. In ms. */
export const refusedFor = 120_000;
/** A pod that is made ready for longer than this is asked after, in ms. */
export const slowStart = 60_000;

/** Of the pods that wait, the one that is furthest behind decides. */
export function explainWait(job: Job, pods: readonly Pod[], hints: Hints): Wait {
  const queue = queueOf(job);
  if (job.spec.suspend === true) {
    if (queue === null) {
      return {
        state: 'queued',
        native: 'Suspended',
        explanation: 'The job is suspended until somebody resumes it',
        reason: null,
      };
    }
    if (hints.workloads === null) {
      return {
        state: 'queued',
        native: 'Suspended',
        explanation: `It waits in the Kueue queue ${queue}`,
        reason: null,
      };
    }
    return { state: 'queued', native: 'Suspended', ...explainKueue(hints.workloads.get(workloadOwner(job)), queue) };
  }
  const waiting = pods.map((pod) => explainPod(pod, hints)).flatMap((wait) => wait ?? []);
  const unmade = pods.length < (job.spec.completions ?? 1) ? explainUnmade(job, hints) : null;
  const all = unmade === null ? waiting : [...waiting, unmade];
  const worst =
    all.find(({ patience }) => patience !== undefined) ??
    all.find(({ state }) => state === 'queued') ??
    all.find(({ explanation }) => explanation !== undefined) ??
    all[0];
  return worst ?? { state: 'provisioning', native: 'Pending', reason: null };
}

function explainUnmade(job: Job, hints: Hints): Wait {
  const event = hints.events.get(job.metadata.name)?.findLast(({ reason }) => reason === 'FailedCreate');
  if (event === undefined) {
    return { state: 'queued', native: 'Pending', reason: null };
  }
  const { explanation, isFinal } = explainRefused(event.message);
  return {
    state: 'queued',
    native: 'FailedCreate',
    explanation,
    reason: event.message,
    ...(isFinal ? { patience: refusedFor } : {}),
  };
}

/** null for a pod that has started. */
function explainPod(pod: Pod, hints: Hints): Wait | null {
  if (statusOf(pod, container.main)?.state?.waiting === undefined && pod.status.phase !== 'Pending') {
    return null;
  }
  const { conditions } = pod.status;
  const events = hints.events.get(pod.metadata.name) ?? [];
  const scheduled = conditions?.find(({ type }) => type === 'PodScheduled');
  if (!pod.spec.nodeName && scheduled?.status !== 'True') {
    return explainUnscheduled(pod, scheduled, events);
  }
  const trouble = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
    .map((status) => status.state?.waiting)
    .find((state) => state?.reason !== undefined && !/^(?:ContainerCreating|PodInitializing)$/u.test(state.reason));
  if (trouble?.reason !== undefined) {
    const { reason, message = '' } = trouble;
    return {
      state: 'provisioning',
      native: reason,
      explanation: explainTrouble(reason, message),
      reason: message || reason,
      patience: startTroubleFor,
    };
  }
  const failed = events.findLast(({ reason }) => /^Failed(?:Mount|AttachVolume|CreatePodSandBox)/u.test(reason));
  if (failed !== undefined) {
    const explanation =
      failed.reason === 'FailedCreatePodSandBox'
        ? 'The node cannot set up the network or sandbox of the pod'
        : 'The node cannot get at a volume that the pod needs';
    return {
      state: 'provisioning',
      native: failed.reason,
      explanation,
      reason: failed.message,
      patience: startTroubleFor,
    };
  }
  if (statusOf(pod, container.code)?.state?.running) {
    return {
      state: 'provisioning',
      native: 'PodInitializing',
      explanation: 'Its code is being put in place',
      reason: null,
    };
  }
  return {
    state: 'provisioning',
    native: statusOf(pod, container.main)?.state?.waiting?.reason ?? 'Pending',
    reason: null,
  };
}

function explainUnscheduled(
  pod: Pod,
  scheduled: { readonly reason?: string | undefined; readonly message?: string | undefined } | undefined,
  events: readonly { readonly reason: string; readonly message: string }[],
): Wait {
  const scaling = events.findLast(({ reason }) => reason === 'TriggeredScaleUp' || reason === 'Nominated');
  if (scaling !== undefined) {
    return {
      state: 'provisioning',
      native: scaling.reason,
      explanation: 'The cluster is adding a node for it',
      reason: scaling.message,
    };
  }
  if (scheduled?.reason === 'SchedulingGated' || (pod.spec.schedulingGates ?? []).length > 0) {
    const gates = (pod.spec.schedulingGates ?? []).map(({ name }) => name).join(', ');
    return {
      state: 'queued',
      native: 'SchedulingGated',
      explanation: 'Something in the cluster holds it back',
      reason: gates || null,
    };
  }
  if (scheduled?.reason === undefined) {
    return { state: 'queued', native: 'Pending', reason: null };
  }
  const message = scheduled.message ?? '';
  return {
    state: 'queued',
    native: scheduled.reason,
    explanation: explainUnschedulable(message),
    reason: message || scheduled.reason,
  };
}

function explainTrouble(reason: string, message: string): string {
  switch (reason) {
    case 'CreateContainerConfigError': {
      const missing = /(secret|configmap) "([^"]+)" not found/u.exec(message);
      return missing === null
        ? 'The node cannot put the container together'
        : `The namespace has no ${missing[1] === 'secret' ? 'secret' : 'config map'} ${missing[2]} any more`;
    }
    case 'CreateContainerError':
    case 'RunContainerError':
      return 'The node cannot start the container';
    case 'CrashLoopBackOff':
      return 'It ends again and again right after its start';
    default:
      return explainImage(reason, message);
  }
}

/** Of several nodes: which of them waits. */
export function rankWord(pod: Pod, of: number): string {
  return of === 1 ? '' : `Node ${indexOf(pod)} of ${of}: `;
}
