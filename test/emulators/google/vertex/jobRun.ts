import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerProcess } from '../../containers/containerProcess.ts';
import { PrintedLines } from '../logging/printedLines.ts';
import { type Replica, environmentOf, replicasOf } from './environment.ts';
import { startReplica } from './replicaRun.ts';
import type { CustomJob } from './types.ts';
import type { VertexParts } from './vertexParts.ts';

export interface Outcome {
  readonly kind: 'succeeded' | 'failed' | 'cancelled' | 'expired' | 'preempted';
  readonly error: CustomJob['error'];
}

/** How long a replica has to end after SIGTERM, in ms. */
const graceMs = 2000;

/** The replicas of one job, started once or, after a preemption, again. */
export class JobRun {
  /** Resolves when somebody cancels it. */
  readonly cancelled: Promise<void>;
  isCancelled = false;
  readonly #job: CustomJob;
  readonly #region: string;
  readonly #parts: VertexParts;
  readonly #cancel = Promise.withResolvers<void>();
  readonly #processes = new Map<string, ContainerProcess>();
  #isOutOfMemory = false;
  #interrupt: ((kind: 'preempted') => void) | null = null;

  constructor(job: CustomJob, region: string, parts: VertexParts) {
    this.#job = job;
    this.#region = region;
    this.#parts = parts;
    this.cancelled = this.#cancel.promise;
  }

  cancel(): void {
    this.isCancelled = true;
    this.#cancel.resolve();
  }

  preempt(): void {
    this.#interrupt?.('preempted');
  }

  /** As the kernel does that runs out of memory. */
  killForMemory(): void {
    this.#isOutOfMemory = true;
    this.#processes.forEach((process) => process.kill('SIGKILL'));
  }

  /** Runs all replicas: the job has ended when the first has, or when another fails. */
  async start(): Promise<Outcome> {
    const { folder, project, buckets } = this.#parts;
    const jobId = this.#job.name.split('/').at(-1) ?? '';
    const replicas = replicasOf(jobId, this.#job.jobSpec.workerPoolSpecs);
    const interrupted = new Promise<'preempted'>((resolve) => {
      this.#interrupt = resolve;
    });
    const ends = replicas.map(async (replica): Promise<Outcome> => {
      const container = this.#job.jobSpec.workerPoolSpecs[replica.pool]?.containerSpec;
      const lines = this.#lines(jobId, replica);
      const process = startReplica({
        folder: join(folder, jobId),
        replica,
        replicas,
        container: container ?? { imageUri: '', command: [], args: [], env: [] },
        env: environmentOf(this.#job, project, this.#region, replica, replicas),
        buckets: buckets.folders(),
        onOutput: (stream, chunk) => (chunk === null ? lines[stream].end() : lines[stream].write(chunk)),
      });
      this.#processes.set(replica.name, process);
      const problem = await process.started;
      const { exitCode } = await process.exited;
      if (exitCode === 0 && replica.name !== 'workerpool0-0') {
        // The others go on until the first has ended.
        return new Promise(() => undefined);
      }
      return exitCode === 0 ? { kind: 'succeeded', error: null } : this.#failed(replica, exitCode, problem, jobId);
    });
    const outcome = await Promise.race([
      ...ends,
      this.cancelled.then((): Outcome => ({ kind: 'cancelled', error: { code: 1, message: 'CANCELED' } })),
      interrupted.then((): Outcome => ({ kind: 'preempted', error: null })),
      this.#timeout(),
    ]);
    await this.#endAll(outcome.kind === 'preempted' ? 0 : graceMs);
    return outcome;
  }

  async kill(): Promise<void> {
    await this.#endAll(0);
  }

  #lines(jobId: string, { name }: Replica): Record<'stdout' | 'stderr', PrintedLines> {
    const { logs } = this.#parts;
    const make = (severity: string): PrintedLines =>
      new PrintedLines((entry) => logs.add({ jobId, taskName: name, severity, ...entry }));
    return { stdout: make('INFO'), stderr: make('ERROR') };
  }

  #failed({ name }: Replica, exitCode: number, problem: string | null, jobId: string): Outcome {
    const { project } = this.#parts;
    const query = encodeURIComponent(`resource.type="ml_job"\nresource.labels.job_id="${jobId}"`);
    const link = `https://console.cloud.google.com/logs/viewer?project=${project.number}&resource=ml_job%2Fjob_id%2F${jobId}&advancedFilter=${query}`;
    const why = this.#isOutOfMemory
      ? `The replica ${name} ran out of memory and exited with a non-zero status of ${exitCode}.`
      : `The replica ${name} exited with a non-zero status of ${exitCode}. Termination reason: ${problem === null ? 'Error' : 'StartError'}.`;
    const said = problem === null ? '' : ` Termination log message: failed to create containerd task: ${problem}.`;
    const message = `${why}${said} To find out more about why your job exited please check the logs: ${link}`;
    return { kind: 'failed', error: { code: 3, message } };
  }

  async #timeout(): Promise<Outcome> {
    const seconds = Number(this.#job.jobSpec.scheduling?.timeout?.seconds ?? 0);
    if (seconds === 0) {
      return new Promise(() => undefined);
    }
    await delay(seconds * 1000, undefined, { ref: false });
    return { kind: 'expired', error: { code: 4, message: `The job exceeded its timeout of ${seconds}s.` } };
  }

  async #endAll(grace: number): Promise<void> {
    const running = [...this.#processes.values()];
    this.#processes.clear();
    await Promise.all(
      running.map(async (process) => {
        if (grace > 0) {
          process.kill('SIGTERM');
        }
        const kill = setTimeout(() => process.kill('SIGKILL'), grace);
        await process.exited;
        clearTimeout(kill);
      }),
    );
  }
}
