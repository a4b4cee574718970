import { join } from 'node:path';

import type { Failure } from '../core/failure/failure.ts';
import { type AttemptKey, type ConnectionId, currentAttempt, type EpochMs, type RunId } from '../core/job.ts';
import type { Series } from '../core/metrics/series.ts';
import type { Clock } from '../core/ports.ts';
import type { Connections } from './connections.ts';
import type { JobStore } from './jobStore.ts';
import { AttemptSource } from './log/attemptSource.ts';
import { FileSource } from './log/fileSource.ts';
import { OpenLog } from './log/openLog.ts';
import { removeOldIndexes, savedIndexFile } from './log/savedIndex.ts';
import { attemptLogFolder } from './logFolder.ts';
import { sampledCurve } from './runCurve.ts';
import { failuresAtEnd } from './runFailures.ts';

export interface RunLogsDeps {
  /** Shared by every window. */
  readonly root: string;
  readonly clock: Clock;
  readonly store: JobStore;
  readonly connections: Pick<Connections, 'list' | 'onDidChange'>;
}

/** The logs of runs, of their newest attempts, and any other log on disk. */
export class RunLogs {
  readonly #deps: RunLogsDeps;

  constructor(deps: RunLogsDeps) {
    this.#deps = deps;
  }

  /** For somebody to look at; undefined before there is an attempt. Close it afterwards. `scanScript`: see OpenLog. */
  open(runId: RunId, scanScript: string): OpenLog | undefined {
    const found = this.#newest(runId);
    return found === undefined
      ? undefined
      : new OpenLog(found.source, this.#deps.clock, scanScript, join(found.folder, 'index.json'));
  }

  /** Any log file. `path` is absolute. */
  openFile(path: string, scanScript: string): OpenLog {
    const { root, clock } = this.#deps;
    const cacheFolder = join(root, 'cache');
    void removeOldIndexes(cacheFolder, clock.now());
    return new OpenLog(new FileSource(path), clock, scanScript, savedIndexFile(cacheFolder, path));
  }

  /**
   * What went wrong near the end of a log, see `failuresAtEnd`; waits until all of the log has arrived, as the end of one that was
   * interrupted tells something else, unless its connection is gone and nothing can arrive. Rejects with the signal's reason, or
   * with the system's error when the log cannot be read.
   */
  async failures(runId: RunId, signal: AbortSignal): Promise<readonly Failure[]> {
    const found = this.#newest(runId);
    if (found === undefined || !found.isAccepted) {
      return [];
    }
    try {
      await this.#untilArrived(found.key, found.connectionId, signal);
      return await failuresAtEnd(found.source, join(found.folder, 'index.json'), signal);
    } finally {
      await found.source.close();
    }
  }

  async #untilArrived(key: AttemptKey, connectionId: ConnectionId, signal: AbortSignal): Promise<void> {
    const { store, connections } = this.#deps;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      try {
        const mayGoOn = store.job(key.runId) !== undefined && connections.list().some(({ id }) => id === connectionId);
        if (!mayGoOn || store.logState(key).status === 'complete') {
          resolve();
        }
      } catch (error) {
        reject(error);
      }
    };
    const stop = (): void => {
      reject(signal.reason);
    };
    const changes = store.onDidChange(({ runIds }) => {
      if (runIds.has(key.runId)) {
        look();
      }
    });
    const connectionChanges = connections.onDidChange(look);
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      look();
      await promise;
    } finally {
      changes.dispose();
      connectionChanges.dispose();
      signal.removeEventListener('abort', stop);
    }
  }

  /** A small curve, see `sampledCurve`; null when there is none. Rejects with the signal's reason or the system's error. */
  async curve(runId: RunId, hidden: readonly string[], signal: AbortSignal): Promise<Series | null> {
    const source = this.#newest(runId)?.source;
    if (source === undefined) {
      return null;
    }
    const { streams } = source.files;
    return await sampledCurve({ streams, isAtRest: source.status.isAtRest }, hidden, signal);
  }

  /** The newest attempt. */
  #newest(runId: RunId) {
    const { root, clock, store } = this.#deps;
    const attempt = currentAttempt(store.job(runId));
    if (attempt === undefined) {
      return undefined;
    }
    const key = { runId, attempt: attempt.number };
    const folder = attemptLogFolder(root, key);
    const startedAt = (): EpochMs | null =>
      store.job(runId)?.attempts.find(({ number }) => number === attempt.number)?.startedAt ?? null;
    const source = new AttemptSource({ key, folder, records: store, clock, startedAt });
    return { key, folder, source, connectionId: attempt.connectionId, isAccepted: attempt.handle !== null };
  }
}
