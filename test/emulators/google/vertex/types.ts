import type { Timestamp } from '../time.ts';

/** The fields of the API's messages that are looked at here. */
export interface MachineSpec {
  readonly machineType: string;
  readonly acceleratorType: string;
  readonly acceleratorCount: number;
  readonly tpuTopology: string;
}

export interface ContainerSpec {
  readonly imageUri: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

export interface WorkerPoolSpec {
  readonly machineSpec: MachineSpec | null;
  readonly containerSpec?: ContainerSpec | null;
  readonly pythonPackageSpec?: object | null;
  readonly replicaCount: string;
}

export interface Duration {
  readonly seconds: string;
}

export interface Scheduling {
  readonly timeout: Duration | null;
  readonly strategy: string;
  readonly disableRetries: boolean;
  readonly maxWaitDuration: Duration | null;
}

export interface CustomJobSpec {
  readonly workerPoolSpecs: readonly WorkerPoolSpec[];
  readonly scheduling: Scheduling | null;
  readonly baseOutputDirectory: { readonly outputUriPrefix: string } | null;
}

export interface NewCustomJob {
  readonly displayName: string;
  readonly jobSpec: CustomJobSpec | null;
  readonly labels: Readonly<Record<string, string>>;
}

export type JobState =
  | 'JOB_STATE_QUEUED'
  | 'JOB_STATE_PENDING'
  | 'JOB_STATE_RUNNING'
  | 'JOB_STATE_SUCCEEDED'
  | 'JOB_STATE_FAILED'
  | 'JOB_STATE_CANCELLING'
  | 'JOB_STATE_CANCELLED'
  | 'JOB_STATE_EXPIRED';

export interface CustomJob extends NewCustomJob {
  readonly name: string;
  readonly jobSpec: CustomJobSpec;
  state: JobState;
  readonly createTime: Timestamp;
  startTime: Timestamp | null;
  endTime: Timestamp | null;
  updateTime: Timestamp;
  error: { readonly code: number; readonly message: string } | null;
}
