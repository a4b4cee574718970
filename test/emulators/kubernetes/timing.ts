/** How long the cluster takes for things, in ms. */
export interface Timing {
  /** From a pod that needs a node to the scheduler's look at it. */
  readonly schedule: number;
  /** How long the scheduler waits before it tries an unschedulable pod again though nothing changed. */
  readonly scheduleRetry: number;
  /** A kubelet's sandbox, mounts and network of a pod. */
  readonly sandbox: number;
  readonly imagePull: number;
  /** First wait before an image is pulled again; doubles up to 30 times this. */
  readonly imageBackOff: number;
  /** First wait before a container is started again; doubles up to 30 times this. */
  readonly restartBackOff: number;
  /** From a pod's change to the job controller's look at its job. */
  readonly jobSync: number;
  /** First wait before a failed pod is replaced; doubles up to 36 times this. */
  readonly podBackOff: number;
  readonly garbageCollection: number;
  /** From a container's end to the end of a log that is followed. */
  readonly logEnd: number;
  readonly bookmark: number;
  /** From a kubelet's last sign of life to its node being Unknown. */
  readonly nodeGrace: number;
  /** How long an API server that is drained lets long requests go on. */
  readonly drain: number;
}

/** What a test waits for; the order of events is that of a real cluster. */
export const quickTiming: Timing = {
  schedule: 5,
  scheduleRetry: 1000,
  sandbox: 10,
  imagePull: 10,
  imageBackOff: 300,
  restartBackOff: 200,
  jobSync: 10,
  podBackOff: 100,
  garbageCollection: 20,
  logEnd: 20,
  bookmark: 2000,
  nodeGrace: 1000,
  drain: 500,
};

/** As measured on, or documented for, Kubernetes 1.34. */
export const realTiming: Timing = {
  schedule: 20,
  scheduleRetry: 60_000,
  sandbox: 600,
  imagePull: 1500,
  imageBackOff: 10_000,
  restartBackOff: 10_000,
  jobSync: 1000,
  podBackOff: 10_000,
  garbageCollection: 300,
  logEnd: 1500,
  bookmark: 60_000,
  nodeGrace: 50_000,
  drain: 60_000,
};
