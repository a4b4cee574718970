import type { AttemptKey, EpochMs } from '../core/job.ts';
import type { GapCause, LogCursor, StreamId } from '../core/logChunk.ts';
import { json, number, text, textOrNull } from './jobRows.ts';
import type { Statements } from './statements.ts';

/** `none`: nothing arrived yet. `interrupted`: it stopped before the end and may go on. */
export type LogStatus = 'none' | 'following' | 'complete' | 'interrupted';

export interface RecordedGap {
  /** null when it concerns every stream. */
  readonly stream: StreamId | null;
  /** Where in the `order` file its record lies. */
  readonly orderBytes: number;
  readonly from: EpochMs | null;
  readonly to: EpochMs | null;
  readonly reason: string;
  readonly cause?: GapCause;
}

export interface LogPosition {
  readonly cursor: LogCursor | null;
  /** Length of the `order` file. */
  readonly orderBytes: number;
}

/** How far an attempt's log is known to be on disk, and where it goes on. */
export interface LogState extends LogPosition {
  readonly status: LogStatus;
  /** In the order in which they first appeared: the `order` file refers to them by this position. */
  readonly streams: readonly { readonly stream: StreamId; readonly bytes: number }[];
  readonly gaps: readonly RecordedGap[];
}

const empty: LogState = { cursor: null, orderBytes: 0, status: 'none', streams: [], gaps: [] };

/** The store's part about logs: lengths and cursor are written together. */
export class LogRecords {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  read(key: AttemptKey): LogState {
    return this.#statements.atOnce(() => this.#read(key));
  }

  #read({ runId, attempt }: AttemptKey): LogState {
    const row = this.#statements.get(
      'SELECT log_cursor, log_order_bytes, log_status FROM attempts WHERE run_id = ? AND number = ?',
      runId,
      attempt,
    );
    if (row === undefined) {
      return empty;
    }
    const streams = this.#statements.all(
      'SELECT * FROM streams WHERE run_id = ? AND attempt = ? ORDER BY position',
      runId,
      attempt,
    );
    const gaps = this.#statements.all(
      'SELECT gap FROM gaps WHERE run_id = ? AND attempt = ? ORDER BY position',
      runId,
      attempt,
    );
    return {
      cursor: textOrNull(row, 'log_cursor') as LogCursor | null,
      orderBytes: number(row, 'log_order_bytes'),
      status: text(row, 'log_status') as LogStatus,
      streams: streams.map((stream) => ({
        stream: { name: text(stream, 'name'), task: number(stream, 'task'), node: number(stream, 'node') },
        bytes: number(stream, 'bytes'),
      })),
      gaps: gaps.map((gap) => json<RecordedGap>(text(gap, 'gap'))),
    };
  }

  /**
   * Only inside a transaction. False, and nothing is written, when the attempt is gone or `from` is not what is recorded: two
   * processes that follow the same log, one of them asleep for a while, must not mix their lengths.
   */
  write(key: AttemptKey, state: LogState, from: LogPosition): boolean {
    const { runId, attempt } = key;
    const written = this.#statements.run(
      `UPDATE attempts SET log_cursor = ?, log_order_bytes = ?, log_status = ?
          WHERE run_id = ? AND number = ? AND log_cursor IS ? AND log_order_bytes = ?`,
      state.cursor,
      state.orderBytes,
      state.status,
      runId,
      attempt,
      from.cursor,
      from.orderBytes,
    );
    if (written === 0) {
      return false;
    }
    if (state.streams.length === 0) {
      this.#statements.run('DELETE FROM streams WHERE run_id = ? AND attempt = ?', runId, attempt);
    }
    for (const [position, { stream, bytes }] of state.streams.entries()) {
      this.#statements.run(
        `INSERT INTO streams (run_id, attempt, name, task, node, position, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (run_id, attempt, name, task, node) DO UPDATE SET bytes = excluded.bytes, position = excluded.position
            WHERE bytes IS NOT excluded.bytes OR position IS NOT excluded.position`,
        runId,
        attempt,
        stream.name,
        stream.task,
        stream.node,
        position,
        bytes,
      );
    }
    this.#writeGaps(key, state.gaps);
    return true;
  }

  /** Gaps are only ever added, unless the log starts again and has none. */
  #writeGaps({ runId, attempt }: AttemptKey, gaps: readonly RecordedGap[]): void {
    if (gaps.length === 0) {
      this.#statements.run('DELETE FROM gaps WHERE run_id = ? AND attempt = ?', runId, attempt);
      return;
    }
    const row = this.#statements.get(
      'SELECT count(*) AS known FROM gaps WHERE run_id = ? AND attempt = ?',
      runId,
      attempt,
    );
    const known = row === undefined ? 0 : number(row, 'known');
    for (const [index, gap] of gaps.slice(known).entries()) {
      this.#statements.run(
        'INSERT INTO gaps (run_id, attempt, position, gap) VALUES (?, ?, ?, ?)',
        runId,
        attempt,
        known + index,
        JSON.stringify(gap),
      );
    }
  }
}
