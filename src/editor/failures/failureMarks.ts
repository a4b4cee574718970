import { Emitter, type Event } from '../../core/event.ts';
import { isRunId, type RunId } from '../../core/job.ts';
import type { Clock, KeyValue, Logger } from '../../core/ports.ts';
import type { Engine } from '../../engine/engine.ts';
import { isAbort } from '../errorSentence.ts';
import { type EndedRun, endedRun, runsToMark } from './failedRuns.ts';
import { type FailedRun, type FailureMark, markOf } from './failureMark.ts';

export interface FailureMarksDeps {
  readonly clock: Clock;
  readonly memory: KeyValue;
  readonly logger: Logger;
  /** Whether a folder, absolute, is in this window. */
  readonly isOpen: (folder: string) => boolean;
}

/** What the marks need of the engine. */
export interface MarkedEngine extends Pick<Engine, 'onDidChange'> {
  readonly accepted: Pick<Engine['accepted'], 'runFiles'>;
  readonly logs: Pick<Engine['logs'], 'failures'>;
  readonly store: Pick<Engine['store'], 'job' | 'summaries'>;
}

const dismissedKey = 'dismissed';
/** Jobs and dismissals beyond these are too old to matter. */
const mostRuns = 200;

/** Which failures of runs are to be marked in the code of this window; read from the logs as runs fail. */
export class FailureMarks {
  readonly #deps: FailureMarksDeps;
  readonly #changed = new Emitter<void>();
  readonly #closing = new AbortController();
  readonly #ended = new Map<RunId, EndedRun>();
  /** null for a run whose failure is not in its code, or not known. */
  readonly #read = new Map<RunId, FailureMark | null>();
  readonly #reading = new Set<RunId>();
  #engine: MarkedEngine | undefined;
  #subscription: { dispose(): void } | undefined;
  #wanted: readonly FailedRun[] = [];
  #shown = '';

  constructor(deps: FailureMarksDeps) {
    this.#deps = deps;
  }

  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  /** Newest first. */
  get marks(): readonly FailureMark[] {
    return this.#wanted.flatMap(({ runId }) => this.#read.get(runId) ?? []);
  }

  attach(engine: MarkedEngine): void {
    this.#engine = engine;
    this.#subscription = engine.onDidChange(({ runIds }) => {
      this.#note(engine, runIds);
    });
    this.#note(
      engine,
      engine.store.summaries({ groups: ['finished'], limit: mostRuns }).map(({ runId }) => runId),
    );
  }

  #note(engine: MarkedEngine, runIds: Iterable<RunId>): void {
    let changed = false;
    for (const runId of runIds) {
      const job = engine.store.job(runId);
      const run = job === undefined ? null : endedRun(job);
      if (run !== null && this.#ended.get(runId)?.outcome !== run.outcome) {
        this.#ended.set(runId, run);
        changed = true;
      } else if (run === null) {
        changed = this.#ended.delete(runId) || changed;
      }
    }
    if (changed) {
      this.refresh();
    }
  }

  /** To be called when other folders are open than before. */
  refresh(): void {
    const { clock, isOpen } = this.#deps;
    this.#wanted = runsToMark([...this.#ended.values()], this.#dismissed, clock.now()).filter(({ sourceFolder }) =>
      isOpen(sourceFolder),
    );
    for (const runId of this.#read.keys()) {
      if (!this.#wanted.some((run) => run.runId === runId)) {
        this.#read.delete(runId);
      }
    }
    this.#tell();
    this.#readMissing();
  }

  /** Takes the marks of some runs away for good; of all when none is named. */
  async clear(runIds: readonly RunId[]): Promise<void> {
    const cleared = runIds.length === 0 ? this.#wanted.map(({ runId }) => runId) : runIds;
    const dismissed = [...new Set([...this.#dismissed, ...cleared])].slice(-mostRuns);
    await this.#deps.memory.set(dismissedKey, dismissed.join(' '));
    this.refresh();
  }

  get #dismissed(): ReadonlySet<RunId> {
    return new Set(this.#deps.memory.get(dismissedKey)?.split(' ').filter(isRunId));
  }

  #readMissing(): void {
    for (const run of this.#wanted) {
      if (!this.#read.has(run.runId) && !this.#reading.has(run.runId)) {
        this.#reading.add(run.runId);
        void this.#readOne(run);
      }
    }
  }

  async #readOne(run: FailedRun): Promise<void> {
    const mark = await this.#markOf(run);
    this.#reading.delete(run.runId);
    if (this.#wanted.some(({ runId }) => runId === run.runId)) {
      this.#read.set(run.runId, mark);
      this.#tell();
    }
  }

  async #markOf(run: FailedRun): Promise<FailureMark | null> {
    try {
      const failures = (await this.#engine?.logs.failures(run.runId, this.#closing.signal)) ?? [];
      const code = failures.length === 0 ? null : ((await this.#engine?.accepted.runFiles(run.runId)) ?? null);
      return code === null ? null : markOf(run, failures, code);
    } catch (error) {
      if (!isAbort(error)) {
        this.#deps.logger.warn(`where ${run.runId} failed is not known`, error);
      }
      return null;
    }
  }

  #tell(): void {
    const shown = this.marks.map(({ run }) => run.runId).join(' ');
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#changed.fire();
    }
  }

  dispose(): void {
    this.#closing.abort(new DOMException('the window closes', 'AbortError'));
    this.#subscription?.dispose();
    this.#changed.dispose();
  }
}
