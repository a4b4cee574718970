import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Disposable, Event } from '../core/event.ts';
import {
  type ConnectionId,
  currentAttempt,
  type Job,
  type JobEvent,
  type RunId,
  type SnapshotId,
} from '../core/job.ts';
import { isTerminal } from '../core/jobState.ts';
import type { Clock, Logger, Secrets } from '../core/ports.ts';
import type { Abilities, Json, Plan } from '../core/provider.ts';
import { ProviderError } from '../core/providerError.ts';
import { AcceptedRuns } from './acceptedRuns.ts';
import { CancelWishes } from './cancelWishes.ts';
import { connectionAbilities, type Connections } from './connections.ts';
import { type Damage, type JobStore, openStore, type StoreChange } from './jobStore.ts';
import { JobWatcher } from './jobWatcher.ts';
import { Leader } from './leader.ts';
import { LogFollowers } from './logFollowers.ts';
import { Preparation, type SubmitRequest } from './preparation.ts';
import { noteLostStore, rebuildLost, resumeSubmissions } from './reconcile.ts';
import { refusal } from './snapshot/makeSnapshot.ts';
import { removeUnreferencedSnapshots } from './snapshot/removeUnreferenced.ts';
import { openSnapshot } from './snapshot/snapshotStore.ts';
import type { Snapshots } from './snapshots.ts';
import { type Making, makingOf } from './making.ts';
import { RunLogs } from './runLogs.ts';
import { runSubmission, type SubmissionDeps } from './submission.ts';
import { claimMs } from './submissionClaim.ts';

export interface EngineDeps {
  /** Shared by every window: store, logs, snapshots. */
  readonly root: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connections: Connections;
  readonly secrets: Secrets;
  /** Larger files are held back, in bytes. */
  readonly maxFileBytes: () => number;
  /** Whether this window may run and upload; one that may not leaves interrupted submissions to others. */
  readonly maySubmit: () => boolean;
}

export interface SubmitObserver {
  /** The job is in the store and in the lists; from here on it ends as one job or as a clear error. */
  onCreated(): void;
  onProgress(progress: { readonly text: string; readonly fraction: number | null }): void;
}

/** All that is known of a job, for its panel. */
export interface JobFacts {
  readonly job: Job;
  readonly events: readonly JobEvent[];
  readonly plan: Plan | null;
  readonly native: Json;
  readonly place: string;
  /** undefined when its connection is gone. */
  readonly abilities: Abilities | undefined;
  /** Why what is known may be out of date here, whatever the provider says; null when it is not. */
  readonly storeProblem: string | null;
}

/** A snapshot this young may belong to a submission that another window is making, in ms. */
const snapshotGrace = 3_600_000;
/** How often the leader looks for submissions that other windows left behind, in ms. */
const resumeInterval = 2_000;
/** Keeps jobs alive. One per window over one shared folder; the leading one watches, follows and finishes for all. */
export class Engine {
  readonly store: JobStore;
  readonly connections: Connections;
  readonly logs: RunLogs;
  readonly preparation: Preparation;
  readonly accepted: AcceptedRuns;
  /** The store was damaged and set aside when it was opened. */
  readonly damaged: Damage | null;
  readonly #deps: EngineDeps;
  readonly #submission: SubmissionDeps;
  readonly #leader: Leader;
  readonly #watcher: JobWatcher;
  readonly #cancels: CancelWishes;
  readonly #followers: LogFollowers;
  readonly #stop = new AbortController();
  readonly #working = new Set<Promise<unknown>>();
  readonly #connectionChanges: Disposable;
  #resumeTimer: NodeJS.Timeout | undefined;

  /** Opens the store; see `openStore` for what can go wrong. */
  static start(deps: EngineDeps): Engine {
    return new Engine(deps);
  }

  private constructor(deps: EngineDeps) {
    const { root, clock, logger, connections, secrets } = deps;
    const session = `${process.pid}-${randomBytes(6).toString('hex')}`;
    const { store, damaged } = openStore(root, { clock, logger, session });
    this.store = store;
    this.damaged = damaged;
    this.connections = connections;
    this.logs = new RunLogs({ root, clock, store, connections });
    this.preparation = new Preparation(deps);
    this.accepted = new AcceptedRuns({ root, store, connections });
    this.#deps = deps;
    this.#submission = { store, connections, clock, logger, secrets, snapshots: this.#snapshots(), running: new Set() };
    this.#cancels = new CancelWishes(this.#submission, this.#stop.signal);
    this.#watcher = new JobWatcher({ store, connections, clock, logger });
    this.#followers = new LogFollowers({ store, connections, clock, logger, root });
    this.#leader = new Leader({ leases: store, clock, logger });
    this.#leader.onDidChange((leading) => {
      if (leading) {
        this.#lead();
      } else {
        void this.#track(this.#follow());
      }
    });
    if (damaged !== null) {
      noteLostStore(this.#submission);
      store.damageNoted(damaged);
    }
    this.#leader.renew();
    this.#connectionChanges = connections.onDidChange(() => {
      this.#watcher.pokeAll();
    });
  }

  get onDidChange(): Event<StoreChange> {
    return this.store.onDidChange;
  }

  /** Why the store cannot be written, such as a full disk: what is shown may be out of date. null while it can. */
  get storeProblem(): string | null {
    return this.#leader.problem;
  }

  get onDidChangeStoreProblem(): Event<string | null> {
    return this.#leader.onDidChangeProblem;
  }

  placeLabel(id: ConnectionId): string {
    return this.connections.label(id);
  }

  abilities(id: ConnectionId): Abilities | undefined {
    return connectionAbilities(this.connections, id);
  }

  facts(runId: RunId): JobFacts | undefined {
    const job = this.store.job(runId);
    const attempt = currentAttempt(job);
    if (job === undefined || attempt === undefined) {
      return undefined;
    }
    const key = { runId, attempt: attempt.number };
    return {
      job,
      events: this.store.events(runId),
      plan: this.store.plan(key),
      native: this.store.native(key),
      place: this.placeLabel(attempt.connectionId),
      abilities: this.abilities(attempt.connectionId),
      storeProblem: this.storeProblem,
    };
  }

  // Submitting

  /**
   * Submits and resolves when the provider accepted it. The same run id again is the same job. Rejects with a ProviderError when
   * it cannot be submitted, and with an AbortError when it was cancelled meanwhile.
   */
  async submit(request: SubmitRequest, signal: AbortSignal, observer: SubmitObserver): Promise<void> {
    const { runId, sourceFolder, include, interpreter } = request;
    const { info, spec } = await this.preparation.place(request.spec, signal);
    const connection = await this.connections.open(info.id);
    const key = { runId, attempt: 1 };
    // What would be refused later is refused here, next to the form, before there is a job.
    connection.plan({ spec, key, snapshotId: unknownSnapshot, interpreter });
    const { refused } = await this.preparation.scan(sourceFolder, include, signal);
    if (refused.length > 0) {
      throw refusal(sourceFolder, refused);
    }
    signal.throwIfAborted();
    this.store.createJob(
      {
        runId,
        name: spec.name,
        spec,
        sourceFolder,
        connectionId: info.id,
        providerId: info.providerId,
        include,
        interpreter,
        askedDurationMs: request.spec.limits.durationMs,
      },
      claimMs,
    );
    observer.onCreated();
    const cancel = (): void => {
      this.cancel(runId).catch((error: unknown) => {
        this.#deps.logger.warn(`the wish to cancel ${runId} could not be noted yet`, error);
      });
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const result = await this.#track(runSubmission(this.#submission, key, this.#stop.signal, observer));
      if (result.kind === 'cancelled' || signal.aborted) {
        throw new DOMException('Cancelled', 'AbortError');
      }
      this.#watcher.poke(info.id);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** How a job was made, so that the same can be made again. */
  making(runId: RunId): Making {
    return makingOf(this.store.journal({ runId, attempt: 1 }));
  }

  // Afterwards

  /** Notes the wish and passes it on at once; the leader repeats it until the job has ended. See `CancelWishes`. */
  async cancel(runId: RunId): Promise<void> {
    await this.#cancels.cancel(runId);
  }

  /** Removes an ended job here and at its provider, with its log. A provider that does not answer does not keep it alive here. */
  async deleteJob(runId: RunId, signal: AbortSignal): Promise<void> {
    const job = this.store.job(runId);
    if (job === undefined) {
      return;
    }
    if (!isTerminal(job.state)) {
      throw new ProviderError('conflict', `${job.name} has not ended.`, { remedy: 'Cancel it first.' });
    }
    for (const { handle, connectionId } of job.attempts) {
      if (handle !== null) {
        try {
          await (await this.connections.open(connectionId)).remove(handle, signal);
        } catch (error) {
          signal.throwIfAborted();
          this.#deps.logger.warn(`what ${this.placeLabel(connectionId)} keeps of ${runId} could not be removed`, error);
        }
      }
    }
    this.store.deleteJob(runId);
    await rm(join(this.#deps.root, 'logs', runId), { recursive: true, force: true });
    await removeUnreferencedSnapshots(
      this.#deps.root,
      this.store.snapshotRefs(),
      snapshotGrace,
      this.#deps.clock.now(),
    );
  }

  // Leading

  #lead(): void {
    this.#watcher.start();
    this.#followers.start();
    this.#resumeTimer = setInterval(() => {
      this.#resume();
    }, resumeInterval);
    this.#resumeTimer.unref();
    this.#resume();
    void this.#track(rebuildLost(this.#submission, this.#stop.signal));
  }

  async #follow(): Promise<void> {
    clearInterval(this.#resumeTimer);
    await Promise.all([this.#watcher.stop(), this.#followers.stop()]);
  }

  #resume(): void {
    if (this.#leader.isLeader && this.#deps.maySubmit() && this.store.unfinishedSubmissions().length > 0) {
      void this.#track(resumeSubmissions(this.#submission, this.#stop.signal));
    }
  }

  #snapshots(): Snapshots {
    return {
      make: async (folder, include, signal) => await this.preparation.makeSnapshot(folder, include, signal),
      open: async (id) => await openSnapshot(this.#deps.root, id),
    };
  }

  /** What is under way ends before the store is closed. */
  #track<T>(work: Promise<T>): Promise<T> {
    this.#working.add(work);
    const done = (): void => {
      this.#working.delete(work);
    };
    work.then(done, done);
    return work;
  }

  /** Jobs go on; submissions under way are left to another window or the next start. */
  async dispose(): Promise<void> {
    this.#stop.abort(new DOMException('the window closes', 'AbortError'));
    this.#connectionChanges.dispose();
    this.#leader.dispose();
    await this.#follow();
    await this.#cancels.settled();
    await Promise.allSettled(this.#working);
    this.store.dispose();
  }
}

/** Stands in for the snapshot while a plan is only checked. */
const unknownSnapshot = '0'.repeat(64) as SnapshotId;
