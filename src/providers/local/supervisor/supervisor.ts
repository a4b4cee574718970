import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Emitter } from '../../../core/event.ts';
import { writeDuration } from '../../../core/quantity.ts';
import type { Device } from '../accelerators/device.ts';
import { deviceEnvironment } from '../accelerators/deviceEnvironment.ts';
import { runFolder, runsFolder, scratchFolder, snapshotsFolder } from '../layout.ts';
import { isRunName, type RunName } from '../../../core/runName.ts';
import type { SupervisorReply, SupervisorRequest, WorkSettings } from '../message.ts';
import { hasCode, messageOf } from '../nodeError.ts';
import { readRequest } from '../request.ts';
import { readRunState } from '../runState.ts';
import { removeUnusedSnapshot } from '../staging.ts';
import { cancelledBeforeStart, failure, Job } from './job.ts';
import type { Machine } from './machine.ts';
import { nextToStart } from './queue.ts';

const secretsWithoutRunMs = 60_000;
const scratchMs = 3_600_000;

/** Looks after every unfinished run of one root folder: starts them in turn, follows them, ends them. */
export class Supervisor {
  readonly #root: string;
  readonly #machine: Machine;
  readonly #loading = new Map<RunName, Promise<void>>();
  readonly #waiting = new Map<RunName, Job>();
  readonly #running = new Map<RunName, { readonly job: Job; readonly devices: readonly string[] }>();
  readonly #secrets = new Map<RunName, { readonly values: Readonly<Record<string, string>>; readonly since: number }>();
  readonly #changes = new Emitter<RunName>();
  /** A run whose state on the disk is a new one. */
  readonly onDidChange = this.#changes.event;
  #settings: WorkSettings;
  #scheduling = Promise.resolve();

  constructor(root: string, machine: Machine, settings: WorkSettings) {
    this.#root = root;
    this.#machine = machine;
    this.#settings = settings;
  }

  get isIdle(): boolean {
    return this.#loading.size + this.#waiting.size + this.#running.size + this.#secrets.size === 0;
  }

  /** Takes up what earlier supervisors left, and clears what crashes left. */
  async takeUp(): Promise<void> {
    await this.#clear();
    const names = await readdir(runsFolder(this.#root));
    await Promise.all(names.filter(isRunName).map((name) => this.#load(name)));
    this.#schedule();
  }

  async answer(request: SupervisorRequest): Promise<SupervisorReply> {
    this.#settings = request.settings;
    if (request.ask === 'holdSecrets') {
      this.#secrets.set(request.run, { values: request.values, since: Date.now() });
    } else if (request.ask === 'look') {
      await Promise.all(request.runs.map((name) => this.#load(name)));
      await Promise.all(request.runs.map((name) => this.#lookForCancel(name)));
    }
    this.#schedule();
    return {
      busySlots: [...this.#running.values()].filter(({ devices }) => devices.length === 0).length,
      busyDevices: [...this.#running.values()].flatMap(({ devices }) => devices),
    };
  }

  /** What only time brings about; to be called about once a second. */
  async tick(): Promise<void> {
    const now = Date.now();
    for (const [name, { since }] of this.#secrets) {
      if (now - since > secretsWithoutRunMs && !this.#waiting.has(name)) {
        this.#secrets.delete(name);
      }
    }
    for (const job of [...this.#waiting.values()]) {
      const limit = job.request.spec.limits.waitMs;
      if (typeof limit === 'number' && now - job.state.submittedAt >= limit) {
        await this.#giveUp(job, `gave up after waiting ${writeDuration(limit)} for its turn`);
      }
    }
    this.#schedule();
  }

  /** Once per run, however many ask. A run that has ended, or is not there, is left alone. */
  #load(name: RunName): Promise<void> {
    if (this.#waiting.has(name) || this.#running.has(name)) {
      return Promise.resolve();
    }
    const loading =
      this.#loading.get(name) ??
      this.#loadOnce(name)
        .catch((error: unknown) => {
          if (!hasCode(error, 'ENOENT')) {
            report(name, error);
          }
        })
        .finally(() => this.#loading.delete(name));
    this.#loading.set(name, loading);
    return loading;
  }

  async #loadOnce(name: RunName): Promise<void> {
    const folder = runFolder(this.#root, name);
    const state = await readRunState(folder);
    if (state.phase === 'ended') {
      return;
    }
    const request = await readRequest(folder);
    const job = new Job({
      name,
      folder,
      request,
      state,
      settings: () => this.#settings,
      bootId: this.#machine.bootId,
      changed: () => {
        this.#changes.fire(name);
      },
    });
    if (state.phase === 'running') {
      this.#track(job, state.devices, job.adopt(state));
    } else {
      await this.#enqueue(job);
    }
  }

  async #enqueue(job: Job): Promise<void> {
    if (job.cancelRequested) {
      await job.end(cancelledBeforeStart);
    } else if (job.request.spec.secrets.length > 0 && !this.#secrets.has(job.name)) {
      await job.end(failure('its secrets were lost when the supervisor died; submit again'));
    } else {
      this.#waiting.set(job.name, job);
    }
  }

  async #lookForCancel(name: RunName): Promise<void> {
    this.#running.get(name)?.job.lookForCancel();
    const waiting = this.#waiting.get(name);
    if (waiting?.cancelRequested === true) {
      this.#forget(name);
      await waiting.end(cancelledBeforeStart);
    }
  }

  async #giveUp(job: Job, reason: string): Promise<void> {
    this.#forget(job.name);
    await job.end(failure(reason)).catch((error: unknown) => {
      report(job.name, error);
    });
  }

  #forget(name: RunName): void {
    this.#waiting.delete(name);
    this.#secrets.delete(name);
  }

  #track(job: Job, devices: readonly string[], work: Promise<void>): void {
    this.#running.set(job.name, { job, devices });
    void this.#settle(job, work);
  }

  async #settle(job: Job, work: Promise<void>): Promise<void> {
    try {
      await work;
      this.#running.delete(job.name);
      if (job.state.phase === 'queued') {
        await this.#enqueue(job);
      }
    } catch (error) {
      this.#running.delete(job.name);
      report(job.name, error);
    }
    this.#schedule();
  }

  /** One at a time: two at once would grant the same device twice. */
  #schedule(): void {
    this.#scheduling = this.#scheduling
      .then(() => this.#startNext())
      .catch((error: unknown) => {
        report('queue', error);
      });
  }

  async #startNext(): Promise<void> {
    const wanted = [...this.#waiting.values()].some((job) => job.request.spec.accelerator !== null);
    const { devices, problems } = wanted ? await this.#machine.accelerators() : { devices: [], problems: [] };
    if (wanted && problems.length === 0) {
      await this.#refuseImpossible(devices);
    }
    const busy = [...this.#running.values()];
    const busyDevices = new Set(busy.flatMap((run) => run.devices));
    const free = Map.groupBy(
      devices.filter((device) => !busyDevices.has(device.id)),
      (device) => device.name,
    );
    const grants = nextToStart(
      [...this.#waiting.values()].map((job) => ({
        name: job.name,
        submittedAt: job.state.submittedAt,
        accelerator: job.request.spec.accelerator,
      })),
      {
        slots: this.#settings.slots - busy.filter((run) => run.devices.length === 0).length,
        devices: new Map([...free].map(([name, list]) => [name, list.map((device) => device.id)])),
      },
    );
    for (const { name, devices: granted } of grants) {
      const job = this.#waiting.get(name);
      if (job !== undefined) {
        const secrets = this.#secrets.get(name)?.values ?? {};
        this.#forget(name);
        const own = devices.filter((device) => granted.includes(device.id));
        this.#track(
          job,
          granted,
          job.run({ devices: granted, deviceEnvironment: deviceEnvironment(own, devices), secrets }),
        );
      }
    }
  }

  /** Devices can vanish (a driver update, a card that fell off the bus) after a job was accepted. */
  async #refuseImpossible(devices: readonly Device[]): Promise<void> {
    for (const job of [...this.#waiting.values()]) {
      const wanted = job.request.spec.accelerator;
      const there = devices.filter((device) => device.name === wanted?.name).length;
      if (wanted !== null && there < wanted.count) {
        await this.#giveUp(job, `needs ${wanted.count} x ${wanted.name}, and this machine has ${there}`);
      }
    }
  }

  async #clear(): Promise<void> {
    const scratch = scratchFolder(this.#root);
    for (const name of await readdir(scratch)) {
      const path = join(scratch, name);
      const left = await stat(path).catch(() => null);
      if (left !== null && Date.now() - left.mtimeMs > scratchMs) {
        await rm(path, { recursive: true, force: true });
      }
    }
    const snapshots = snapshotsFolder(this.#root);
    for (const name of await readdir(snapshots)) {
      await removeUnusedSnapshot(join(snapshots, name));
    }
  }
}

/** Goes to supervisor.log. */
function report(what: string, error: unknown): void {
  process.stderr.write(`${new Date().toISOString()} ${what}: ${messageOf(error)}\n`);
}
