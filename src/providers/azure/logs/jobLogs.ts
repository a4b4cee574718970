import type { LogCursor, LogItem } from '../../../core/logChunk.ts';
import type { Clock } from '../../../core/ports.ts';
import type { Handle, Observation } from '../../../core/provider.ts';
import type { RunHistory } from '../client/runHistory.ts';
import { followLog } from './followLog.ts';
import { JobStates } from './jobStates.ts';
import { RunLooks } from './runLooks.ts';

export interface JobLogsDeps {
  readonly observe: (handles: readonly Handle[], signal: AbortSignal) => Promise<ReadonlyMap<string, Observation>>;
  readonly history: Pick<RunHistory, 'details'>;
  readonly clock: Clock;
}

/** The logs of all jobs of a connection; what they ask Azure for is shared between them. */
export class JobLogs {
  readonly #clock: Clock;
  readonly #states: JobStates;
  readonly #looks: RunLooks;

  constructor({ observe, history, clock }: JobLogsDeps) {
    this.#clock = clock;
    this.#states = new JobStates(observe, clock);
    this.#looks = new RunLooks(history, clock);
  }

  follow(handle: Handle, cursor: LogCursor | null, signal: AbortSignal): AsyncIterable<LogItem> {
    return followLog(handle, cursor, { states: this.#states, looks: this.#looks, clock: this.#clock }, signal);
  }

  /** Somebody has observed jobs, which need not be asked about again. */
  notice(handles: readonly Handle[], observations: ReadonlyMap<string, Observation>): void {
    this.#states.notice(handles, observations);
  }
}
