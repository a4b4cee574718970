import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { RunId } from '../../src/core/job.ts';
import { isTerminal, type JobState } from '../../src/core/jobState.ts';
import type { Connection, JsonObject } from '../../src/core/provider.ts';
import { type JobStore, openStore } from '../../src/engine/jobStore.ts';
import { attemptLogFolder, streamFile } from '../../src/engine/logFolder.ts';
import { systemClock } from '../../src/engine/systemClock.ts';
import { newRunId, quietLogger, workFolder } from '../fixtures/engine/engineParts.ts';
import { startSubmitter, type Submitter } from '../fixtures/submission/startSubmitter.ts';
import type { Target } from '../fixtures/submission/target.ts';
import { turningPoints } from '../fixtures/submission/turningPoints.ts';
import { startWindow } from '../fixtures/window/startWindow.ts';
import { hasEnded, never } from './harness.ts';

/** How a request is held: before anything was done, or when all was. */
type Hold = 'hang' | 'hangAfterWork';

/** A backend for submissions whose processes are killed. */
export interface DeathBackend {
  readonly target: Target;
  /** Fields of the jobs' spec that it needs. */
  readonly job: JsonObject;
  /**
   * Lets so many requests pass (of those that change something, where it is about the work of one) and never answers the next
   * one; `onHeld` is called when that is certain. null where there is no network between that could hold one.
   */
  readonly hold: ((hold: Hold, after: number, onHeld: () => void) => void) | null;
  /** Lets everything pass again. */
  release(): void;
  /** Whether each job of a run that there is still runs, and costs something. */
  jobs(runId: RunId): Promise<readonly { readonly isRunning: boolean }[]>;
  /** Names of what only a submission under way needs, such as locks and secrets. */
  leftovers(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Of backends on this machine: no request can be held, and nothing but the run's folder is kept. */
export const onThisMachine: Pick<DeathBackend, 'job' | 'hold' | 'release' | 'leftovers'> = {
  job: {},
  hold: null,
  release: () => undefined,
  leftovers: async () => [],
};

/** What a connection knows of a run's jobs, for backends that cannot be asked past it. */
export async function jobsOf(connection: Connection, runId: RunId): ReturnType<DeathBackend['jobs']> {
  const found = (await connection.list(never())).filter(({ key }) => key.runId === runId);
  const handles = found.map(({ handle }) => handle);
  const observed = await connection.observe(handles, never());
  return handles.map(({ id }) => {
    const observation = observed.get(id);
    return { isRunning: observation === undefined || !hasEnded(observation) };
  });
}

/** What became of a submission. */
interface Outcome {
  /** When its process was killed. */
  readonly moment: string;
  /** At the backend; of each whether it runs. */
  readonly jobs: readonly { readonly isRunning: boolean }[];
  /** In the store. */
  readonly state: JobState | undefined;
  /** `whole`, `none`, or what it is instead. */
  readonly log: string;
}

/**
 * Kills a process at every moment of a submission, one for each: around each step of its journal, and around each request to the
 * backend. Then starts another over the same store, which has to bring all of them to their end.
 */
export function itSurvivesDeaths(start: () => Promise<DeathBackend>): void {
  it(
    'makes one job of each submission whose process is killed, reads its whole log and leaves nothing behind',
    { timeout: 600_000 },
    async ({ signal }) => {
      const backend = await start();
      onTestFinished(async () => backend.stop(), 60_000);
      const folder = workFolder();
      const { store } = openStore(folder.path, { clock: systemClock, logger: quietLogger, session: 'reader' });
      onTestFinished(() => {
        store.dispose();
        folder.remove();
      });
      const deaths = new Deaths(backend, folder.path, signal);
      await deaths.atSteps();
      await deaths.atRequests();
      const before = await Promise.all(deaths.runs.map(async ({ runId }) => (await backend.jobs(runId)).length));
      // Some died before the backend had the job, some after.
      expect(new Set(before)).toEqual(new Set([0, 1]));

      startWindow(folder.path, backend.target);
      const promised = deaths.runs.filter(({ moment }) => moment !== 'before created');
      await expect.poll(() => unfinished(store, promised), { timeout: 300_000, interval: 200 }).toEqual([]);
      await expect.poll(async () => backend.leftovers(), { timeout: 20_000, interval: 200 }).toEqual([]);
      const inStore = store.summaries().map(({ runId }) => runId);
      expect(inStore.toSorted()).toEqual(promised.map(({ runId }) => runId).toSorted());
      const outcomes = await Promise.all(deaths.runs.map(async (run) => outcomeOf(backend, store, folder.path, run)));
      expect(outcomes).toEqual(
        deaths.runs.map(({ moment }): Outcome =>
          moment === 'before created'
            ? { moment, jobs: [], state: undefined, log: 'none' }
            : { moment, jobs: [{ isRunning: false }], state: 'succeeded', log: 'whole' },
        ),
      );
    },
  );
}

interface Run {
  readonly moment: string;
  readonly runId: RunId;
}

interface Ready {
  readonly runId: RunId;
  readonly submitter: Submitter;
}

/** Submissions under way at a time that are killed by themselves. */
const atOnce = 3;

class Deaths {
  readonly runs: Run[] = [];
  readonly #backend: DeathBackend;
  readonly #folder: string;
  /** Aborted when the test is over. */
  readonly #signal: AbortSignal;
  #next: Promise<Ready> | null = null;

  constructor(backend: DeathBackend, folder: string, signal: AbortSignal) {
    this.#backend = backend;
    this.#folder = folder;
    this.#signal = signal;
  }

  async atSteps(): Promise<void> {
    const waiting = [...turningPoints];
    const work = async (): Promise<void> => {
      for (let point = waiting.shift(); point !== undefined; point = waiting.shift()) {
        const { runId, submitter } = await this.#ready(point);
        this.runs.push({ moment: point, runId });
        submitter.go();
        expect(await submitter.outcome, point).toBe('SIGKILL');
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  async atRequests(): Promise<void> {
    if (this.#backend.hold === null) {
      return;
    }
    for (const hold of ['hang', 'hangAfterWork'] as const) {
      let requests = 0;
      while (await this.#dieAt(hold, requests)) {
        requests += 1;
      }
      expect(requests).toBeGreaterThan(1);
    }
    (await this.#next)?.submitter.stop();
  }

  /** False when the submission came to its end because nothing was held. */
  async #dieAt(hold: Hold, request: number): Promise<boolean> {
    const { runId, submitter } = await (this.#next ?? this.#ready());
    // Only one talks to the backend at a time; meanwhile another gets ready.
    this.#next = this.#ready();
    this.#next.catch(() => undefined);
    this.runs.push({ moment: `${hold === 'hang' ? 'before request' : 'after change'} ${request + 1}`, runId });
    const held = Promise.withResolvers<'held'>();
    this.#backend.hold?.(hold, request, () => {
      held.resolve('held');
    });
    submitter.go();
    const outcome = await Promise.race([held.promise, submitter.outcome]);
    this.#backend.release();
    submitter.child.kill('SIGKILL');
    expect(['held', 'accepted']).toContain(outcome);
    return outcome === 'held';
  }

  /** A process that is ready to submit a run, whose code tells it from others. */
  async #ready(point?: string): Promise<Ready> {
    this.#signal.throwIfAborted();
    const runId = newRunId();
    const { target, job } = this.#backend;
    mkdirSync(join(this.#folder, runId));
    writeFileSync(join(this.#folder, runId, 'lines.txt'), linesOf(runId));
    const submitter = await startSubmitter({
      folder: this.#folder,
      target,
      runId,
      job: { ...job, command: 'cat lines.txt; test "${#TOKEN}" = 13', secrets: ['TOKEN'] },
      source: runId,
      point,
    });
    onTestFinished(() => {
      submitter.stop();
    });
    return { runId, submitter };
  }
}

function linesOf(runId: RunId): string {
  return Array.from({ length: 50 }, (_, index) => `line ${index + 1} of ${runId}\n`).join('');
}

/** Those that have not ended, or whose log is not complete. */
function unfinished(store: JobStore, runs: readonly Run[]): readonly string[] {
  return runs.flatMap(({ moment, runId }) => {
    const state = store.job(runId)?.state ?? 'draft';
    const { status } = store.logState({ runId, attempt: 1 });
    return isTerminal(state) && status === 'complete' ? [] : [`${moment}: ${state}, log ${status}`];
  });
}

async function outcomeOf(backend: DeathBackend, store: JobStore, folder: string, run: Run): Promise<Outcome> {
  const { moment, runId } = run;
  const state = store.job(runId)?.state;
  return { moment, jobs: await backend.jobs(runId), state, log: logOf(folder, runId) };
}

function logOf(folder: string, runId: RunId): string {
  const file = streamFile(attemptLogFolder(folder, { runId, attempt: 1 }), { name: 'stdout', task: 0, node: 0 });
  try {
    const text = readFileSync(file, 'utf8');
    return text === linesOf(runId) ? 'whole' : text;
  } catch {
    return 'none';
  }
}
