import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GoogleApiError } from '../apiError.ts';
import { timestamp } from '../time.ts';
import { checkJob } from './checkJob.ts';
import { JobRun } from './jobRun.ts';
import { Quotas } from './quotas.ts';
import type { CustomJob, CustomJobSpec, JobState, NewCustomJob } from './types.ts';
import type { VertexParts } from './vertexParts.ts';

export interface VertexTiming {
  /** From a job's creation to its replicas' start, in ms. */
  provision: number;
  /** From a job's creation to its being in lists, in ms. */
  listDelay: number;
}

/** Where capacity is short; what is left out does not matter. */
export interface Shortage {
  readonly region?: string;
  /** `NVIDIA_H100_80GB`, or a machine type. */
  readonly machine?: string;
  readonly spot?: boolean;
}

export interface StoredJob {
  readonly region: string;
  readonly job: CustomJob;
  readonly listedFrom: number;
  readonly run: JobRun;
}

const preemptionLimit = 6;

/** All custom jobs of the project, and what becomes of them. */
export class VertexJobs {
  readonly timing: VertexTiming = { provision: 10, listDelay: 0 };
  readonly quotas = new Quotas();
  /** While true, new jobs stay queued. */
  isHeld = false;
  readonly #parts: VertexParts;
  readonly #jobs = new Map<string, StoredJob>();
  #shortages: Shortage[] = [];
  readonly #stop = new AbortController();
  #release = Promise.withResolvers<void>();

  constructor(parts: VertexParts) {
    this.#parts = parts;
  }

  create(region: string, input: NewCustomJob): CustomJob {
    const jobSpec = checkJob(input);
    const inRegion = this.all().filter((each) => each.region === region);
    this.quotas.check(
      region,
      jobSpec,
      inRegion.map(({ job }) => job),
    );
    const { project, clock } = this.#parts;
    const id = String(randomInt(2 ** 40, 2 ** 47)) + String(randomInt(1000, 9999));
    const now = timestamp(clock.nanos());
    const job: CustomJob = {
      ...input,
      name: `projects/${project.number}/locations/${region}/customJobs/${id}`,
      jobSpec,
      state: this.isHeld ? 'JOB_STATE_QUEUED' : 'JOB_STATE_PENDING',
      createTime: now,
      startTime: null,
      endTime: null,
      updateTime: now,
      error: null,
    };
    const run = new JobRun(job, region, this.#parts);
    this.#jobs.set(job.name, { region, job, listedFrom: Date.now() + this.timing.listDelay, run });
    void this.#live(job, region, run);
    return { ...job };
  }

  all(): readonly StoredJob[] {
    return [...this.#jobs.values()];
  }

  /** By a name with the project's number or its id. */
  find(name: string): StoredJob {
    const { id, number } = this.#parts.project;
    const found = this.#jobs.get(name.replace(`projects/${id}/`, `projects/${number}/`));
    if (found === undefined) {
      throw new GoogleApiError('NOT_FOUND', `The CustomJob does not exist: ${name}.`);
    }
    return found;
  }

  cancel(name: string): void {
    const { job, run } = this.find(name);
    if (isEnded(job.state)) {
      throw new GoogleApiError(
        'FAILED_PRECONDITION',
        `The CustomJob ${name} is in a terminal state and cannot be cancelled.`,
      );
    }
    this.#set(job, 'JOB_STATE_CANCELLING');
    run.cancel();
    this.#wake();
  }

  delete(name: string): void {
    const { job } = this.find(name);
    if (!isEnded(job.state)) {
      throw new GoogleApiError('FAILED_PRECONDITION', `The CustomJob ${name} is not in a terminal state.`);
    }
    this.#jobs.delete(job.name);
  }

  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    this.#wake();
  }

  /** From now on there is no capacity there; the returned function makes that good. */
  addShortage(shortage: Shortage): () => void {
    this.#shortages.push(shortage);
    return () => {
      this.#shortages = this.#shortages.filter((each) => each !== shortage);
      this.#wake();
    };
  }

  /** Takes the machines of a running Spot job away. */
  preempt(name: string): void {
    this.find(name).run.preempt();
  }

  /** The kernel ends the replicas of a job because they use too much memory. */
  killForMemory(name: string): void {
    this.find(name).run.killForMemory();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await Promise.all(this.all().map(async ({ run }) => run.kill()));
  }

  async #live(job: CustomJob, region: string, run: JobRun): Promise<void> {
    const { logs, serviceLog } = this.#parts;
    const jobId = job.name.split('/').at(-1) ?? '';
    const say = (message: string, severity = 'INFO'): void => {
      if (serviceLog) {
        logs.add({ jobId, taskName: 'service', severity, message });
      }
    };
    say('Waiting for job to be provisioned.');
    const signal = this.#stop.signal;
    while (this.isHeld && !run.isCancelled && !signal.aborted) {
      await this.#release.promise;
    }
    for (let preemptions = 0; ; preemptions += 1) {
      if (!run.isCancelled) {
        this.#set(job, 'JOB_STATE_PENDING');
        await Promise.race([delay(this.timing.provision, undefined, { signal }).catch(() => undefined), run.cancelled]);
      }
      const shortage = await this.#waitForCapacity(job, region, run);
      if (signal.aborted) {
        return;
      }
      if (run.isCancelled) {
        return this.#end(job, 'JOB_STATE_CANCELLED', { code: 1, message: 'CANCELED' });
      }
      if (shortage !== null) {
        say('Job failed.', 'ERROR');
        return this.#end(job, 'JOB_STATE_FAILED', shortage);
      }
      this.#set(job, 'JOB_STATE_RUNNING');
      job.startTime ??= timestamp(this.#parts.clock.nanos());
      say('Job is running.');
      const outcome = await run.start();
      if (outcome.kind !== 'preempted') {
        say(
          outcome.kind === 'succeeded' ? 'Job completed successfully.' : 'Job failed.',
          outcome.kind === 'succeeded' ? 'INFO' : 'ERROR',
        );
        const state = { succeeded: 'SUCCEEDED', failed: 'FAILED', cancelled: 'CANCELLED', expired: 'EXPIRED' } as const;
        return this.#end(job, `JOB_STATE_${state[outcome.kind]}`, outcome.error);
      }
      if (preemptions === preemptionLimit) {
        return this.#end(job, 'JOB_STATE_FAILED', { code: 8, message: `STOCKOUT: ${insufficient(region)}` });
      }
    }
  }

  /** null where there is enough. A job of FLEX_START waits for it, up to its limit. */
  async #waitForCapacity(
    job: CustomJob,
    region: string,
    run: JobRun,
  ): Promise<{ code: number; message: string } | null> {
    const { strategy, maxWaitDuration } = job.jobSpec.scheduling ?? { strategy: '', maxWaitDuration: null };
    const waitMs = Number(maxWaitDuration?.seconds ?? 86_400) * 1000;
    const giveUpAt = Date.now() + (waitMs === 0 ? Number.POSITIVE_INFINITY : waitMs);
    while (this.#isShort(region, job.jobSpec) && !run.isCancelled && !this.#stop.signal.aborted) {
      const left = giveUpAt - Date.now();
      if (strategy !== 'FLEX_START' || left <= 0) {
        return { code: 8, message: insufficient(region) };
      }
      await Promise.race([
        this.#release.promise,
        delay(Math.min(left, 60_000), undefined, { ref: false }),
        run.cancelled,
      ]);
    }
    return null;
  }

  #isShort(region: string, { workerPoolSpecs, scheduling }: CustomJobSpec): boolean {
    return this.#shortages.some(
      (shortage) =>
        (shortage.region === undefined || shortage.region === region) &&
        (shortage.spot === undefined || shortage.spot === (scheduling?.strategy === 'SPOT')) &&
        (shortage.machine === undefined ||
          workerPoolSpecs.some(
            ({ machineSpec }) =>
              machineSpec?.machineType === shortage.machine || machineSpec?.acceleratorType === shortage.machine,
          )),
    );
  }

  #set(job: CustomJob, state: JobState): void {
    job.state = state;
    job.updateTime = timestamp(this.#parts.clock.nanos());
  }

  #end(job: CustomJob, state: JobState, error: CustomJob['error']): void {
    this.#set(job, state);
    job.endTime = job.updateTime;
    job.error = error;
    rmSync(join(this.#parts.folder, job.name.split('/').at(-1) ?? ''), { recursive: true, force: true });
  }

  #wake(): void {
    this.#release.resolve();
    this.#release = Promise.withResolvers();
  }
}

function insufficient(region: string): string {
  return `Resources are insufficient in region: ${region}. Please try a different region or use a different accelerator.`;
}

function isEnded(state: JobState): boolean {
  return /_(?:SUCCEEDED|FAILED|CANCELLED|EXPIRED)$/u.test(state);
}
