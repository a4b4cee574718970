import type { ConnectionId, RunId } from '../core/job.ts';
import type {
  AttemptMember,
  Connection,
  ForwardedPort,
  Handle,
  Location,
  OutputFile,
  Shell,
  TerminalSize,
} from '../core/provider.ts';
import { ProviderError } from '../core/providerError.ts';
import type { Connections } from './connections.ts';
import type { JobReader } from './jobReader.ts';
import { fetchOutputs } from './outputs.ts';
import { openRunFiles, type RunFiles } from './runFiles.ts';

export interface AcceptedRunsDeps {
  /** Shared by every window: store, logs, snapshots. */
  readonly root: string;
  readonly store: Pick<JobReader, 'job'>;
  readonly connections: Connections;
}

/** What can be had of a run once a provider has accepted it: its code, its results, a way into it. */
export class AcceptedRuns {
  readonly #deps: AcceptedRunsDeps;

  constructor(deps: AcceptedRunsDeps) {
    this.#deps = deps;
  }

  /**
   * The code of a run; null before a provider has accepted it: until then it is not known where the code lies. Rejects with
   * `notFound` when it is not on this machine (any more).
   */
  async runFiles(runId: RunId): Promise<RunFiles | null> {
    const job = this.#deps.store.job(runId);
    if (job === undefined || job.snapshotId === null || job.attempts.every(({ handle }) => handle === null)) {
      return null;
    }
    const found = await this.#accepted(runId).catch(() => undefined);
    const codeFolder = found?.connection.codeFolder?.(found.handle) ?? null;
    return await openRunFiles(this.#deps.root, job.snapshotId, codeFolder, job.spec.workingDirectory);
  }

  async outputs(runId: RunId, signal: AbortSignal): Promise<readonly OutputFile[]> {
    const globs = this.#deps.store.job(runId)?.spec.outputs ?? [];
    const found = await this.#accepted(runId);
    return found === undefined ? [] : await found.connection.outputs(found.handle, globs, signal);
  }

  async fetchOutputs(
    runId: RunId,
    files: readonly OutputFile[],
    to: { readonly destination: string; readonly overwrite: boolean },
    signal: AbortSignal,
    report: (message: string) => void,
  ): Promise<void> {
    const found = await this.#accepted(runId);
    if (found === undefined) {
      throw new ProviderError('notFound', 'This job was never accepted by a provider, so it has no files.');
    }
    await fetchOutputs(
      found.connection,
      found.handle,
      files,
      to.destination,
      signal,
      ({ path, bytes, totalBytes }) => {
        report(`${path} (${totalBytes === 0 ? 100 : Math.round((100 * bytes) / totalBytes)} %)`);
      },
      { overwrite: to.overwrite },
    );
  }

  async location(runId: RunId): Promise<Location | null> {
    const found = await this.#accepted(runId);
    return found === undefined ? null : found.connection.location(found.handle);
  }

  /** A terminal in one member of a running job, until the signal ends it. */
  async openShell(runId: RunId, member: AttemptMember, size: TerminalSize, signal: AbortSignal): Promise<Shell> {
    const { connection, handle } = await this.#running(runId);
    return (await connection.openShell?.(handle, member, size, signal)) ?? refuseAbility();
  }

  /** A port of one member of a running job on this machine, until the signal ends it. */
  async forwardPort(runId: RunId, member: AttemptMember, port: number, signal: AbortSignal): Promise<ForwardedPort> {
    const { connection, handle } = await this.#running(runId);
    return (await connection.forwardPort?.(handle, member, port, signal)) ?? refuseAbility();
  }

  async #running(runId: RunId): Promise<{ readonly connection: Connection; readonly handle: Handle }> {
    const found = this.#deps.store.job(runId)?.state === 'running' ? await this.#accepted(runId) : undefined;
    if (found === undefined) {
      throw new ProviderError('conflict', 'This job is not running.');
    }
    return found;
  }

  /** The newest attempt that a provider accepted, with its open connection. */
  async #accepted(
    runId: RunId,
  ): Promise<
    { readonly connection: Connection; readonly handle: Handle; readonly connectionId: ConnectionId } | undefined
  > {
    const attempt = this.#deps.store.job(runId)?.attempts.findLast(({ handle }) => handle !== null);
    if (attempt === undefined || attempt.handle === null) {
      return undefined;
    }
    const { handle, connectionId } = attempt;
    return { connection: await this.#deps.connections.open(connectionId), handle, connectionId };
  }
}

function refuseAbility(): never {
  throw new ProviderError('unsupported', 'The provider of this job cannot do that.');
}
