import { existsSync } from 'node:fs';
import { realpath, rm, statfs } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runFile } from '../layout.ts';
import { type RunName } from '../../../core/runName.ts';
import type { WorkSettings } from '../message.ts';
import { messageOf } from '../nodeError.ts';
import type { RunRequest } from '../request.ts';
import type { IdentifiedProcess, RunningState, RunState, StopReason } from '../runState.ts';
import { writeRunState } from '../runState.ts';
import { jobEnvironment, jobMarks } from './environment.ts';
import { isSetUp, launch, readExitStatus } from './launch.ts';
import { OrderRecorder } from './orderRecorder.ts';
import { isAlive, type JobMarks } from './processes.ts';
import { pythonEnvironment } from './python.ts';
import { terminate } from './termination.ts';
import { unpack } from './unpack.ts';
import { type Verdict, verdict } from './verdict.ts';

const adoptedLookMs = 200;
const longestTimerMs = 3_600_000;
const fullDiskBytes = 65_536;

export interface JobInput {
  readonly name: RunName;
  readonly folder: string;
  readonly request: RunRequest;
  readonly state: RunState;
  readonly settings: () => WorkSettings;
  readonly bootId: string;
  /** Called whenever the state on the disk is a new one. */
  readonly changed: () => void;
}

/** What a job is started with. */
export interface Start {
  /** Ids of the accelerators granted. */
  readonly devices: readonly string[];
  readonly deviceEnvironment: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** One unfinished attempt and its processes. */
export class Job {
  readonly name: RunName;
  readonly request: RunRequest;
  readonly #folder: string;
  readonly #settings: () => WorkSettings;
  readonly #bootId: string;
  readonly #changed: () => void;
  readonly #marks: JobMarks;
  readonly #cancelled = Promise.withResolvers<StopReason>();
  #state: RunState;

  constructor(input: JobInput) {
    this.name = input.name;
    this.request = input.request;
    this.#folder = input.folder;
    this.#state = input.state;
    this.#settings = input.settings;
    this.#bootId = input.bootId;
    this.#changed = input.changed;
    this.#marks = jobMarks(input.request);
  }

  get state(): RunState {
    return this.#state;
  }

  /** True once the marker of a cancel is in the run's folder. */
  get cancelRequested(): boolean {
    return existsSync(this.#path(runFile.cancel));
  }

  /** Has a running job ended if its cancel marker is there. */
  lookForCancel(): void {
    if (this.cancelRequested) {
      this.#cancelled.resolve('cancel');
    }
  }

  /** Runs the job from its snapshot to its end. Never rejects for what is the job's own trouble: that is its outcome. */
  async run(start: Start): Promise<void> {
    try {
      await this.#setState({ phase: 'starting', submittedAt: this.#state.submittedAt });
      const workingDirectory = await this.#unpack();
      const python = await pythonEnvironment(
        this.request.interpreter,
        this.request.spec.env['PATH'] ?? process.env['PATH'] ?? '',
        this.#path(runFile.bin),
      );
      if (this.cancelRequested) {
        await this.end(cancelledBeforeStart);
        return;
      }
      const environment = jobEnvironment({
        base: process.env,
        request: this.request,
        secrets: start.secrets,
        python,
        devices: start.deviceEnvironment,
      });
      const { command, setup } = this.request.spec;
      const launched = await launch({ folder: this.#folder, workingDirectory, setup, command, environment });
      const running: RunningState = {
        phase: 'running',
        submittedAt: this.#state.submittedAt,
        startedAt: Date.now(),
        bootId: this.#bootId,
        process: launched.process,
        devices: [...start.devices],
        stopping: null,
      };
      try {
        await this.#setState(running);
      } catch (error) {
        launched.abandon();
        throw error;
      }
      launched.go();
      await this.#follow(running, launched.ended);
    } catch (error) {
      await this.#fail(`could not be run: ${messageOf(error)}`);
    }
  }

  /** Goes on with a job that an earlier supervisor started. Afterwards it has ended, or is `queued` when its command never ran. */
  async adopt(running: RunningState): Promise<void> {
    if (running.bootId !== this.#bootId) {
      await this.end(failure('the machine was restarted while the job ran'));
      return;
    }
    try {
      await this.#follow(running, gone(running.process));
    } catch (error) {
      await this.#fail(`could not be followed: ${messageOf(error)}`);
    }
  }

  /** Writes the end. */
  async end(how: Verdict, endedAt = Date.now(), logGap: string | null = null): Promise<void> {
    const startedAt = this.#state.phase === 'running' ? this.#state.startedAt : null;
    await this.#setState({ phase: 'ended', submittedAt: this.#state.submittedAt, startedAt, endedAt, ...how, logGap });
  }

  /** What cannot be followed must not go on unseen. */
  async #fail(reason: string): Promise<void> {
    if (this.#state.phase === 'running') {
      await terminate(this.#state.process, this.#marks, Date.now() + this.#graceMs);
    }
    await this.end(failure(reason));
  }

  async #unpack(): Promise<string> {
    const work = this.#path(runFile.work);
    await rm(work, { recursive: true, force: true });
    await unpack(this.#path(runFile.code), work);
    const wanted = this.request.spec.workingDirectory;
    const folder = await realpath(join(work, wanted)).catch(() => null);
    const root = await realpath(work);
    if (folder === null || !`${folder}${sep}`.startsWith(`${root}${sep}`)) {
      throw new Error(`its working folder "${wanted}" is not in the code that was uploaded`);
    }
    return folder;
  }

  async #follow(running: RunningState, wrapperEnded: Promise<void>): Promise<void> {
    const recorder = new OrderRecorder(this.#folder);
    const mainEnded = new AbortController();
    let endedAt = Date.now();
    let stopped: RunningState['stopping'] = null;
    try {
      const stopping = this.#stopInTime(running, mainEnded.signal);
      await wrapperEnded;
      endedAt = Date.now();
      mainEnded.abort();
      stopped = await stopping;
      // What the main process left behind would hold accelerators and write into a log that is said to be complete.
      await terminate(running.process, this.#marks, (stopped?.since ?? endedAt) + this.#graceMs);
    } finally {
      await recorder.close();
    }
    const status = readExitStatus(this.#folder);
    if (status.kind === 'unstarted' && stopped === null) {
      await this.#setState({
        phase: 'queued',
        submittedAt: running.submittedAt,
        reason: 'its supervisor died before it started',
      });
      return;
    }
    const how = verdict({
      status,
      stopped: stopped?.why ?? null,
      setUp: this.request.spec.setup === null || isSetUp(this.#folder),
      durationLimitMs: this.request.spec.limits.durationMs,
    });
    const full = recorder.diskFull || (await this.#isDiskFull());
    const reason = full && how.outcome === 'failed' ? `${how.reason ?? ''}; the disk was full` : how.reason;
    await this.end({ ...how, reason }, endedAt, full ? 'the disk was full: output may be missing' : null);
  }

  /** Ends the job when it is cancelled or its time is over; resolves with why it was stopped, or null when it ended by itself. */
  async #stopInTime(running: RunningState, mainEnded: AbortSignal): Promise<RunningState['stopping']> {
    const ended = new Promise<null>((resolve) => {
      mainEnded.addEventListener('abort', () => {
        resolve(null);
      });
    });
    const limit = this.request.spec.limits.durationMs;
    const overdue = limit === null ? ended : passed(running.startedAt + limit, mainEnded);
    this.lookForCancel();
    const why = running.stopping?.why ?? (await Promise.race([ended, this.#cancelled.promise, overdue]));
    // The wrapper's note may be there before the news of its end.
    if (why === null || readExitStatus(this.#folder).kind !== 'unknown') {
      return running.stopping;
    }
    const stopping = running.stopping ?? { why, since: Date.now() };
    await this.#setState({ ...running, stopping }).catch((error: unknown) => {
      // Only a later supervisor would need the note; the job is to end in any case.
      process.stderr.write(`${this.name}: ${messageOf(error)}\n`);
    });
    await terminate(running.process, this.#marks, stopping.since + this.#graceMs);
    return stopping;
  }

  async #isDiskFull(): Promise<boolean> {
    const disk = await statfs(this.#folder);
    return disk.bavail * disk.bsize < fullDiskBytes;
  }

  get #graceMs(): number {
    return this.#settings().graceSeconds * 1000;
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  async #setState(state: RunState): Promise<void> {
    await writeRunState(this.#folder, state);
    this.#state = state;
    this.#changed();
  }
}

export const cancelledBeforeStart: Verdict = {
  outcome: 'cancelled',
  exitCode: null,
  signal: null,
  reason: 'cancelled before it started',
};

export function failure(reason: string): Verdict {
  return { outcome: 'failed', exitCode: null, signal: null, reason };
}

async function gone(wrapper: IdentifiedProcess): Promise<void> {
  while (await isAlive(wrapper)) {
    await sleep(adoptedLookMs);
  }
}

/** Resolves with `limit` at that time (epoch ms), with null when the signal comes first. */
async function passed(time: number, signal: AbortSignal): Promise<'limit' | null> {
  while (Date.now() < time && !signal.aborted) {
    await sleep(Math.min(time - Date.now(), longestTimerMs), undefined, { signal }).catch(() => null);
  }
  return signal.aborted ? null : 'limit';
}
