import { join } from 'node:path';

import { usdPerHour, withinCost } from '../core/costLimit.ts';
import type { ConnectionId, RunId, SnapshotId } from '../core/job.ts';
import type { JobSpec } from '../core/jobSpec.ts';
import type { Offer } from '../core/offer.ts';
import { choosePlace, satisfies } from '../core/placement.ts';
import type { Clock } from '../core/ports.ts';
import type { DryRun, JobOption, Plan, Snapshot, StageProgress } from '../core/provider.ts';
import { ProviderError } from '../core/providerError.ts';
import { askOffers } from './askOffers.ts';
import type { ConnectionInfo, Connections } from './connections.ts';
import { makeSnapshot, scan, type SnapshotOptions } from './snapshot/makeSnapshot.ts';
import type { SnapshotPreview } from './snapshot/preview.ts';
import { openSnapshot } from './snapshot/snapshotStore.ts';

/** What a connection would be asked to run. */
export interface PlannedRequest {
  readonly connectionId: ConnectionId;
  readonly plan: Plan;
  /** Names of the secrets that the job is given. */
  readonly secrets: readonly string[];
  readonly snapshot: Snapshot;
}

/** Where a job runs, and the spec as it is sent there. */
export interface Placed {
  readonly info: ConnectionInfo;
  readonly spec: JobSpec;
}

export interface SubmitRequest {
  readonly runId: RunId;
  readonly spec: JobSpec;
  readonly sourceFolder: string;
  /** Paths that go although they would be held back. */
  readonly include: readonly string[];
  /** The Python of the source folder, absolute; null when none was chosen. */
  readonly interpreter: string | null;
}

export interface PreparationDeps {
  /** Shared by every window: store, logs, snapshots. */
  readonly root: string;
  readonly connections: Connections;
  readonly clock: Clock;
  /** Larger files are held back, in bytes. */
  readonly maxFileBytes: () => number;
}

/** What is found out before a submission: which files go, where the job may run, what would be asked for there. */
export class Preparation {
  readonly #deps: PreparationDeps;
  /** Where this process put which code. */
  readonly #staged = new Set<string>();

  constructor(deps: PreparationDeps) {
    this.#deps = deps;
  }

  /** What of a folder would be sent, and what is held back. */
  async scan(folder: string, include: readonly string[], signal: AbortSignal): Promise<SnapshotPreview> {
    return await scan(folder, this.#options(include), signal, () => undefined);
  }

  async makeSnapshot(folder: string, include: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    return (await makeSnapshot(folder, this.#options(include), signal, () => undefined)).snapshot;
  }

  /** What would be sent: the files, and the native request when the spec is sound. Nothing leaves the machine. */
  async preview(
    request: Omit<SubmitRequest, 'spec'> & { readonly spec: JobSpec | undefined },
    signal: AbortSignal,
  ): Promise<{ readonly files: SnapshotPreview; readonly request: PlannedRequest | null }> {
    const files = await this.scan(request.sourceFolder, request.include, signal);
    if (request.spec === undefined || files.refused.length > 0) {
      return { files, request: null };
    }
    const snapshot = await this.makeSnapshot(request.sourceFolder, request.include, signal);
    const { info, spec } = await this.place(request.spec, signal);
    const connection = await this.#deps.connections.open(info.id);
    const plan = connection.plan({
      spec,
      key: { runId: request.runId, attempt: 1 },
      snapshotId: snapshot.id,
      interpreter: request.interpreter,
    });
    return { files, request: { connectionId: info.id, plan, secrets: spec.secrets, snapshot } };
  }

  /** True when the code of a request was put by `stage` where its job finds it; else it may be there all the same. */
  isStaged(request: StagedCode): boolean {
    return this.#staged.has(stagedKey(request));
  }

  /**
   * Rejects with `unsupported` when whoever makes the job of a request by hand could not get this code there. Nobody can tell once the
   * connection is gone.
   */
  async checkByHand(connectionId: ConnectionId, snapshotId: SnapshotId, signal: AbortSignal): Promise<void> {
    const { connections, root } = this.#deps;
    if (connections.list().some(({ id }) => id === connectionId)) {
      const connection = await connections.open(connectionId);
      await connection.checkByHand?.(await openSnapshot(root, snapshotId), signal);
    }
  }

  /** Puts the code of a request where its job finds it, for whoever makes that job by hand. */
  async stage(
    request: PlannedRequest,
    signal: AbortSignal,
    onProgress: (progress: StageProgress) => void,
  ): Promise<void> {
    const connection = await this.#deps.connections.open(request.connectionId);
    await connection.stage(request.snapshot, signal, onProgress);
    this.#staged.add(stagedKey(request));
  }

  /** Shows a request to the backend without making anything; null where it cannot be asked. */
  async dryRun(
    { connectionId, plan }: Pick<PlannedRequest, 'connectionId' | 'plan'>,
    signal: AbortSignal,
  ): Promise<DryRun | null> {
    const connection = await this.#deps.connections.open(connectionId);
    return (await connection.dryRun?.(plan, signal)) ?? null;
  }

  /** Choices for a job that only this connection has. */
  async jobOptions(id: ConnectionId, signal: AbortSignal): Promise<readonly JobOption[]> {
    return (await (await this.#deps.connections.open(id)).jobOptions?.(signal)) ?? [];
  }

  /**
   * Finds the place for a spec; rejects with `unsupported` when none of the connections it may run on has what it asks for, or when
   * its cost cannot be limited there.
   */
  async place(spec: JobSpec, signal: AbortSignal): Promise<Placed> {
    const isWanted = ({ id, providerId }: ConnectionInfo): boolean =>
      spec.providers.length === 0 || spec.providers.some((name) => name === id || name === providerId);
    const infos = this.#deps.connections.list().filter(isWanted);
    if (infos.length === 0) {
      const names = spec.providers.map((name) => this.#deps.connections.label(name as ConnectionId)).join(' and ');
      throw new ProviderError('unsupported', `${names} is not set up here.`, {
        field: 'providers',
        remedy: 'Choose another provider, or add it.',
      });
    }
    const mayStartNow = (offer: Offer): boolean =>
      offer.likelihood === 'now' &&
      satisfies(offer, spec) &&
      (spec.limits.costUsd === null || usdPerHour(spec, [offer]) !== null);
    const { connections, clock } = this.#deps;
    // A cloud may have it in a region that is none of those which the connection lists.
    const query = spec.region === null ? {} : { region: spec.region };
    const { offers, problems } = await askOffers(connections, infos, query, mayStartNow, clock, signal);
    const offersOf = (id: ConnectionId): readonly Offer[] => offers.filter(({ connectionId }) => connectionId === id);
    const places = infos.map(({ id, providerId }) => ({ connectionId: id, providerId }));
    // A cost can be limited only where there is a price.
    const withPrice =
      spec.limits.costUsd === null
        ? places
        : places.filter(({ connectionId }) => usdPerHour(spec, offersOf(connectionId)) !== null);
    const place = choosePlace(spec, offers, withPrice) ?? choosePlace(spec, offers, places);
    const info = infos.find(({ id }) => id === place?.connectionId);
    if (info === undefined) {
      const what =
        spec.accelerator === null ? 'a place for this job' : `${spec.accelerator.count} ${spec.accelerator.name}`;
      const where = spec.region === null ? '' : ` in ${spec.region}`;
      const [only, ...others] = infos;
      const message =
        only === undefined || others.length > 0
          ? `No connection here has ${what}${where}.`
          : `${only.label} does not have ${what}${where}.`;
      throw new ProviderError('unsupported', [message, ...problems].join(' '), {
        field: spec.region === null ? 'accelerator' : 'region',
        remedy:
          spec.region === null
            ? 'Choose another accelerator, count or provider.'
            : 'Choose another region or none, or another accelerator, count or provider.',
      });
    }
    return { info, spec: withinCost(spec, usdPerHour(spec, offersOf(info.id)), info.label) };
  }

  #options(include: readonly string[]): SnapshotOptions {
    const { root, maxFileBytes } = this.#deps;
    return { storeFolder: root, cacheFolder: join(root, 'cache'), include, maxFileBytes: maxFileBytes() };
  }
}

type StagedCode = Pick<PlannedRequest, 'connectionId' | 'snapshot'>;

const stagedKey = ({ connectionId, snapshot }: StagedCode): string => JSON.stringify([connectionId, snapshot.id]);
