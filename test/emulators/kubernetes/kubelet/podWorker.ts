import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { setCondition } from '../objects/conditions.ts';
import { pods } from '../objects/resources.ts';
import type { Pod, PodStatus } from '../objects/types.ts';
import { type ContainerHome, ContainerRun } from './containerRun.ts';
import { writeHosts } from './hostsFile.ts';
import type { KubeletContext } from './kubeletContext.ts';
import { kubeletConditions, podPhase } from './podStatus.ts';
import { VolumeError, makeVolumes } from './volumes.ts';

/** Brings one pod to life, keeps its status true, and ends it. */
export class PodWorker {
  readonly initRuns: readonly ContainerRun[];
  readonly runs: readonly ContainerRun[];
  readonly address: string;
  readonly folder: string;
  readonly hostsFile: string;
  readonly #context: KubeletContext;
  readonly #leaving = new AbortController();
  readonly #startedAt: string;
  #pod: Pod;
  #isSandboxed = false;
  #failure: { readonly reason: string; readonly message: string } | null = null;
  #ending: Promise<void> | null = null;
  /** What the pod was given when it was asked to end, in s. */
  #grace = 0;
  #living: Promise<void> = Promise.resolve();

  constructor(context: KubeletContext, pod: Pod) {
    this.#context = context;
    this.#pod = pod;
    this.address = context.nextAddress();
    this.folder = join(context.podsFolder, pod.metadata.uid);
    this.hostsFile = join(this.folder, 'hosts');
    this.#startedAt = context.clock.seconds();
    const { initContainers = [], containers } = pod.spec;
    this.initRuns = initContainers.map((one) => new ContainerRun(context, one, 'initContainers', 'PodInitializing'));
    const waitsFor = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating';
    this.runs = containers.map((one) => new ContainerRun(context, one, 'containers', waitsFor));
  }

  get pod(): Pod {
    return this.#pod;
  }

  get allRuns(): readonly ContainerRun[] {
    return [...this.initRuns, ...this.runs];
  }

  start(): void {
    this.report();
    this.#living = this.#live();
    const { activeDeadlineSeconds } = this.#pod.spec;
    if (activeDeadlineSeconds !== undefined) {
      this.#context.timers.after(activeDeadlineSeconds * 1000, () => {
        if (!this.#leaving.signal.aborted) {
          void this.evict('DeadlineExceeded', 'Pod was active on the node longer than the specified deadline');
        }
      });
    }
  }

  /** The pod as it is now on the API server. */
  see(pod: Pod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp === undefined || !this.#context.isUp()) {
      return;
    }
    const grace = pod.metadata.deletionGracePeriodSeconds ?? 30;
    if (this.#ending === null) {
      this.#grace = grace;
      this.#ending = this.#end(grace);
    } else if (grace < this.#grace) {
      this.#grace = grace;
      this.#context.timers.after(grace * 1000, () => this.allRuns.forEach(({ process }) => process?.kill('SIGKILL')));
    }
  }

  /** Ends all containers and calls the pod failed, as a node does that needs room. */
  async evict(reason: string, message: string): Promise<void> {
    this.#failure = { reason, message };
    this.#leaving.abort();
    await Promise.all(this.allRuns.map(async (run) => run.stop(this.#pod, 0)));
    await this.#living;
    this.report();
  }

  /** Ends everything at once, without a word to the API server. */
  async kill(): Promise<void> {
    this.#leaving.abort();
    for (const { process } of this.allRuns) {
      process?.kill('SIGKILL');
    }
    await this.#living;
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Tells the API server how the pod is. */
  report(): void {
    if (!this.#context.isUp()) {
      return;
    }
    const status = this.#status();
    const known = this.#context.registry.mutate(pods, this.#pod, (draft) => {
      if (draft.status.phase === 'Succeeded' || draft.status.phase === 'Failed') {
        return;
      }
      const conditions = [...(draft.status.conditions ?? [])];
      for (const condition of kubeletConditions(status, this.#isSandboxed)) {
        setCondition(conditions, condition, this.#context.clock);
      }
      draft.status = { ...draft.status, ...structuredClone(status), conditions };
    });
    this.#pod = known ?? this.#pod;
  }

  #status(): PodStatus {
    const phase = podPhase(
      this.#pod.spec,
      this.initRuns,
      this.runs,
      this.#failure !== null,
      this.#leaving.signal.aborted,
    );
    return {
      phase,
      ...this.#failure,
      hostIP: this.#context.nodeAddress,
      ...(this.#isSandboxed ? { podIP: this.address, podIPs: [{ ip: this.address }] } : {}),
      startTime: this.#startedAt,
      ...(this.initRuns.length === 0 ? {} : { initContainerStatuses: this.initRuns.map(({ status }) => status) }),
      containerStatuses: this.runs.map(({ status }) => status),
    };
  }

  async #live(): Promise<void> {
    const { signal } = this.#leaving;
    const { timing, store } = this.#context;
    try {
      await delay(timing.sandbox, undefined, { signal });
      const volumes = await this.#volumes(signal);
      mkdirSync(this.folder, { recursive: true });
      this.#isSandboxed = true;
      this.report();
      writeHosts(this.hostsFile, this.#pod, store);
      const home: ContainerHome = {
        folder: this.folder,
        hostsFile: this.hostsFile,
        volumes,
        onChange: () => this.report(),
        signal,
      };
      if (await this.#initialize(home)) {
        await Promise.all(this.runs.map(async (run) => this.#keep(run, home)));
      }
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
    if (!signal.aborted) {
      await Promise.all(this.initRuns.filter(({ isSidecar }) => isSidecar).map(async (run) => this.#stopSidecar(run)));
      this.#leaving.abort();
      this.report();
    }
  }

  async #stopSidecar(run: ContainerRun): Promise<void> {
    await run.stop(this.#pod, (this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1000);
  }

  async #volumes(signal: AbortSignal): Promise<Map<string, string>> {
    const { store, clock, claimsFolder, timing } = this.#context;
    for (;;) {
      try {
        return makeVolumes(this.#pod, store, clock, { pod: this.folder, claims: claimsFolder });
      } catch (error) {
        if (!(error instanceof VolumeError)) {
          throw error;
        }
        this.#context.say(this.#pod, { type: 'Warning', reason: 'FailedMount', message: error.message });
        await delay(timing.imageBackOff, undefined, { signal });
      }
    }
  }

  /** Runs the init containers one after the other; false where the pod has failed with one of them. */
  async #initialize(home: ContainerHome): Promise<boolean> {
    for (const run of this.initRuns) {
      if (run.isSidecar) {
        const ended = this.#keep(run, home);
        await Promise.race([ended, this.#untilStarted(run, home)]);
        continue;
      }
      for (;;) {
        const terminated = await run.runOnce(() => this.#pod, home);
        if (terminated === null) {
          return false;
        }
        if (terminated.exitCode === 0) {
          break;
        }
        if (this.#pod.spec.restartPolicy === 'Never') {
          return false;
        }
        run.status.restartCount += 1;
        await run.backOff(this.#pod, home);
      }
    }
    return !home.signal.aborted;
  }

  async #untilStarted(run: ContainerRun, home: ContainerHome): Promise<void> {
    while (!run.isRunning && !home.signal.aborted) {
      await delay(5);
    }
  }

  /** Runs a container again and again as its policy wants. */
  async #keep(run: ContainerRun, home: ContainerHome): Promise<void> {
    const policy = run.isSidecar ? 'Always' : this.#pod.spec.restartPolicy;
    for (;;) {
      const terminated = await run.runOnce(() => this.#pod, home);
      const isDone = terminated === null || policy === 'Never' || (policy === 'OnFailure' && terminated.exitCode === 0);
      if (isDone || home.signal.aborted) {
        return;
      }
      run.status.restartCount += 1;
      await run.backOff(this.#pod, home);
      if (home.signal.aborted) {
        return;
      }
    }
  }

  async #end(graceSeconds: number): Promise<void> {
    this.#leaving.abort();
    await Promise.all(this.allRuns.map(async (run) => run.stop(this.#pod, graceSeconds * 1000)));
    await this.#living;
    this.report();
    await this.#untilUp();
    this.#context.finish(this.#pod);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #untilUp(): Promise<void> {
    while (!this.#context.isUp() && !this.#context.timers.isStopped) {
      await delay(20);
    }
  }
}
