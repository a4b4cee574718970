import { setTimeout as delay } from 'node:timers/promises';
import { fieldsOf, textOf } from '../route.ts';
import { now } from '../world.ts';
import type { Job } from './job.ts';
import { DataError } from './jobData.ts';
import { type ProcessEnd, Machines } from './machines.ts';
import { writeCapabilityLogs } from './systemLogs.ts';

export interface ImageBuild {
  readonly lines: readonly string[];
  /** Between lines, in ms. */
  readonly pause: number;
  readonly fails: boolean;
}

/** What a job waits for or is troubled by beyond itself. */
export interface Conditions {
  /** Nobody has a machine for it. */
  readonly isHeld: (job: Job) => boolean;
  /** What must be built before it runs; null where the image is there. */
  readonly imageBuild: () => ImageBuild | null;
}

type Interruption = 'cancel' | 'preempt' | 'stop' | 'timeout';

/** Takes a job through its life. */
export class JobRun {
  readonly job: Job;
  readonly #conditions: Conditions;
  #interruption = new AbortController();
  #machines: Machines | null = null;
  readonly done: Promise<void>;

  constructor(job: Job, conditions: Conditions) {
    this.job = job;
    this.#conditions = conditions;
    this.done = this.#live();
  }

  /** Ends it, or, preempted, lets it begin anew. */
  interrupt(why: Interruption): void {
    this.#interruption.abort(why);
  }

  async #live(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      this.#interruption = new AbortController();
      const { signal } = this.#interruption;
      const machines = new Machines(this.job, attempt);
      this.#machines = machines;
      try {
        await this.#try(machines, signal);
        return;
      } catch (error) {
        if (!signal.aborted) {
          this.#fail('ServiceError', `The job could not be run: ${String(error)}`, 'CommonRuntime');
          return;
        }
        await machines.end(signal.reason === 'stop' || signal.reason === 'preempt' ? 'SIGKILL' : 'SIGTERM');
        if (signal.reason !== 'preempt') {
          await this.#finishInterrupted(signal.reason as Interruption, machines);
          return;
        }
        this.job.become('Queued');
        await this.job.logs.beginAnew();
        await delay(this.job.world.timing.requeue);
      } finally {
        await machines.remove();
      }
    }
  }

  async #try(machines: Machines, signal: AbortSignal): Promise<void> {
    const { job } = this;
    const { step, finalize } = job.world.timing;
    await delay(step, undefined, { signal });
    job.become('Queued');
    while (this.#conditions.isHeld(job)) {
      await delay(10, undefined, { signal });
    }
    await delay(step, undefined, { signal });
    job.become('Preparing');
    if (!(await this.#build(signal))) {
      return;
    }
    writeCapabilityLogs(job);
    try {
      await machines.prepare();
    } catch (error) {
      if (error instanceof DataError) {
        this.#fail('UserError', error.message, 'data-capability');
        return;
      }
      throw error;
    }
    await delay(step, undefined, { signal });
    job.become('Running');
    const ends = await this.#runUntilInterrupted(machines, signal);
    job.become('Finalizing');
    // A wish to cancel comes too late from here on.
    await Promise.all([machines.collect(), delay(finalize)]);
    await job.logs.drain();
    const failure = ends.find(({ exitCode }) => exitCode !== 0);
    if (failure === undefined) {
      job.become('Completed');
    } else {
      this.#fail('UserError', failureText(failure), 'CommonRuntime');
    }
  }

  async #runUntilInterrupted(machines: Machines, signal: AbortSignal): Promise<readonly ProcessEnd[]> {
    const timer = setTimeout(() => this.interrupt('timeout'), this.#timeoutMs());
    const interrupted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error(String(signal.reason))), { once: true });
    });
    try {
      return await Promise.race([machines.run(), interrupted]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Builds the image, where it has to be; false where that failed. */
  async #build(signal: AbortSignal): Promise<boolean> {
    const build = this.#conditions.imageBuild();
    if (build === null) {
      return true;
    }
    const log = 'azureml-logs/20_image_build_log.txt';
    for (const line of build.lines) {
      this.job.logs.write(log, `${line}\n`);
      await delay(build.pause, undefined, { signal });
    }
    await this.job.logs.drain();
    if (build.fails) {
      this.#fail(
        'UserError',
        'Image build failed. For more details, check log file azureml-logs/20_image_build_log.txt.',
        'ImageBuild',
      );
    }
    return !build.fails;
  }

  async #finishInterrupted(why: Interruption, machines: Machines): Promise<void> {
    if (why === 'stop') {
      return;
    }
    await machines.collect();
    await this.job.logs.drain();
    if (why === 'timeout') {
      this.job.warnings.push({
        source: 'ExecutionService',
        message: 'The job was cancelled because it ran longer than its limit.',
      });
    }
    this.job.become('Canceled');
  }

  #fail(code: string, message: string, componentName: string): void {
    const { job } = this;
    job.error = {
      error: {
        code,
        severity: null,
        message,
        messageFormat: '{Message}',
        messageParameters: {},
        referenceCode: null,
        detailsUri: null,
        target: null,
        details: [],
        innerError: null,
        debugInfo: null,
        additionalInfo: null,
      },
      correlation: null,
      environment: job.workspace.location,
      location: job.workspace.location,
      time: new Date(now(job.world)).toISOString(),
      componentName,
    };
    job.become('Failed');
  }

  #timeoutMs(): number {
    const found = /^P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/u.exec(
      textOf(fieldsOf(this.job.properties['limits'])['timeout']),
    );
    const [, days = 0, hours = 0, minutes = 0, seconds = 0] = found ?? [];
    const ms = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000;
    return ms === 0 ? 2 ** 31 - 1 : Math.min(ms, 2 ** 31 - 1);
  }

  /** Ends everything at once, without a word to anybody. */
  async stop(): Promise<void> {
    this.job.logs.isLost = true;
    this.interrupt('stop');
    await this.#machines?.end('SIGKILL');
    await this.done;
  }
}

function failureText({ exitCode, log, tail }: ProcessEnd): string {
  const said = tail.trim();
  return `Execution failed. User process '/bin/bash' exited with status code ${exitCode}. Please check log file '${log}' for error details.${said === '' ? '' : ` Error: ${said}`}`;
}
