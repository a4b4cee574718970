import { randomBytes } from 'node:crypto';
import type { FieldValue } from '../filter.ts';
import { type CloudClock, type Timestamp, nanosOfMs, timestamp } from '../time.ts';

export interface LogEntry {
  readonly logName: string;
  readonly resource: { readonly type: string; readonly labels: Readonly<Record<string, string>> };
  readonly insertId: string;
  readonly severity: string;
  readonly timestamp: Timestamp;
  readonly receiveTimestamp: Timestamp;
  readonly labels: Readonly<Record<string, string>>;
  /** A `google.protobuf.Struct`. */
  readonly jsonPayload: object;
  readonly split?: { readonly uid: string; readonly index: number; readonly totalSplits: number };
}

/** An entry with what is not sent of it. */
export interface StoredEntry {
  readonly entry: LogEntry;
  readonly nanos: bigint;
  readonly receivedNanos: bigint;
  /** From when on it can be found, by this machine's clock. */
  readonly visibleAt: number;
}

/** How late entries come, in ms. */
export interface Lateness {
  /** The service gets them that late: `receiveTimestamp` tells. */
  readonly received: number;
  /** They can be found that long after they were received. */
  readonly indexed: number;
}

export interface NewEntry {
  readonly jobId: string;
  /** `workerpool0-0`, or `service` for what the service says itself. */
  readonly taskName: string;
  readonly severity: string;
  readonly message: string;
  readonly split?: LogEntry['split'];
}

/** All log entries of the project. */
export class LogStore {
  /** Entries that were printed so long ago, in ms, are not kept any more. */
  keptMs = 30 * 86_400_000;
  lateness: (entry: NewEntry) => Lateness = () => ({ received: 0, indexed: 0 });
  readonly #clock: CloudClock;
  readonly #project: string;
  readonly #entries: StoredEntry[] = [];
  readonly #onAdd = new Set<() => void>();

  constructor(clock: CloudClock, project: string) {
    this.#clock = clock;
    this.#project = project;
  }

  get entries(): readonly StoredEntry[] {
    return this.#entries;
  }

  /** Whether the entry can be found now. */
  isVisible({ visibleAt, nanos }: StoredEntry): boolean {
    return visibleAt <= this.#clock.machine() && nanos >= nanosOfMs(this.#clock.now() - this.keptMs);
  }

  /** Records an entry; `at` is its time, in ns, where it is not now. */
  add(input: NewEntry, at?: bigint): void {
    const nanos = at ?? this.#clock.nanos();
    const late = this.lateness(input);
    const receivedNanos = nanosOfMs(this.#clock.now() + late.received);
    const { jobId, taskName, severity, message, split } = input;
    const entry: LogEntry = {
      logName: `projects/${this.#project}/logs/${taskName}`,
      resource: {
        type: 'ml_job',
        labels: { project_id: this.#project, job_id: jobId, task_name: taskName },
      },
      insertId: randomBytes(9).toString('hex'),
      severity,
      timestamp: timestamp(nanos),
      receiveTimestamp: timestamp(receivedNanos),
      labels: {
        'ml.googleapis.com/job_id/log_area': 'root',
        'ml.googleapis.com/trial_id': '',
        'ml.googleapis.com/trial_type': '',
      },
      jsonPayload: { fields: { levelname: { stringValue: severity }, message: { stringValue: message } } },
      ...(split === undefined ? {} : { split }),
    };
    this.#entries.push({
      entry,
      nanos,
      receivedNanos,
      visibleAt: this.#clock.machine() + late.received + late.indexed,
    });
    for (const look of this.#onAdd) {
      look();
    }
  }

  /** Calls back after each new entry until the returned function is called. */
  onAdd(look: () => void): () => void {
    this.#onAdd.add(look);
    return () => this.#onAdd.delete(look);
  }
}

/** The value of a field in a filter. */
export function fieldOf({ entry, nanos, receivedNanos }: StoredEntry, path: string): FieldValue {
  if (path.startsWith('resource.labels.')) {
    return entry.resource.labels[path.slice('resource.labels.'.length)];
  }
  const fields: Readonly<Record<string, FieldValue>> = {
    timestamp: nanos,
    receivetimestamp: receivedNanos,
    'resource.type': entry.resource.type,
    insertid: entry.insertId,
    severity: entry.severity,
    logname: entry.logName,
  };
  return fields[path.toLowerCase().replaceAll('_', '')];
}
