import type { LogStore } from '../logging/logStore.ts';
import type { Project } from '../project.ts';
import type { Buckets } from '../storage/buckets.ts';
import type { CloudClock } from '../time.ts';

export interface VertexParts {
  readonly folder: string;
  readonly project: Project;
  readonly clock: CloudClock;
  readonly logs: LogStore;
  readonly buckets: Buckets;
  /** Whether the service itself says something in the log of a job. */
  readonly serviceLog: boolean;
}
