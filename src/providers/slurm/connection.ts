import { join } from 'node:path/posix';

import { inContract, streamInContract } from '../../core/inContract.ts';
import type { AttemptKey } from '../../core/job.ts';
import type { LogCursor, LogItem } from '../../core/logChunk.ts';
import type { Offer, OfferQuery } from '../../core/offer.ts';
import type { ProviderPorts } from '../../core/ports.ts';
import type {
  AttemptMember,
  Connection,
  DryRun,
  ForwardedPort,
  FoundAttempt,
  Handle,
  Identity,
  JobOption,
  Location,
  Observation,
  OutputFile,
  Plan,
  PlanInput,
  Shell,
  Snapshot,
  StagedCode,
  StageProgress,
  SubmitInput,
  TerminalSize,
} from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import type { RunName } from '../../core/runName.ts';
import { forwardTo } from './access/forwardPort.ts';
import { placeOf } from './access/member.ts';
import { type Job, jobOf } from './handle.ts';
import type { SlurmHost } from './host.ts';
import { recallKnowledge, rememberKnowledge } from './knowledge.ts';
import { EndWatch } from './logs/endWatch.ts';
import { followLog } from './logs/followLog.ts';
import { LogHub } from './logs/logHub.ts';
import { hasEnded, observationOf } from './observe/observation.ts';
import { observeScript } from './observe/observeScript.ts';
import { type Look, parseLook } from './observe/runFacts.ts';
import { knowledgeOf } from './offers/acceleratorNames.ts';
import { discoverScript } from './offers/discoverScript.ts';
import { jobOptionsOf } from './offers/jobOptions.ts';
import { offersOf } from './offers/offersOf.ts';
import { parseSite, type Site } from './offers/site.ts';
import { listOutputs, readOutputFile } from './outputs/outputs.ts';
import { planJob } from './plan/planJob.ts';
import type { SlurmSettings } from './settings.ts';
import { explainFailure } from './shell/slurmFailure.ts';
import { SlurmShell } from './shell/slurmShell.ts';
import { stageSnapshot } from './stage/stageSnapshot.ts';
import { dryRun } from './submit/dryRun.ts';
import { listRuns } from './submit/listRuns.ts';
import { removeRun } from './submit/removeRun.ts';
import { findJob, submitJob } from './submit/submit.ts';

/** Jobs of one Slurm cluster, reached through a node that has its commands. */
export class SlurmConnection implements Connection {
  readonly #settings: SlurmSettings;
  readonly #ports: ProviderPorts;
  readonly #shell: SlurmShell;
  readonly #ends: EndWatch;
  readonly #disposed = new AbortController();
  #hubs: readonly LogHub[] = [];

  constructor(settings: SlurmSettings, host: SlurmHost, ports: ProviderPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#shell = new SlurmShell(host, settings);
    this.#ends = new EndWatch(async (jobs, signal) => endedIn(jobs, await this.#look(jobs, signal)), ports.clock);
  }

  async identity(signal: AbortSignal): Promise<Identity> {
    return inContract(signal, explain, async () => ({
      account: await this.#shell.host.account(signal),
      expiresAt: null,
    }));
  }

  async offers(query: OfferQuery, signal: AbortSignal): Promise<readonly Offer[]> {
    return inContract(signal, explain, async () => {
      const site = await this.#lookAtSite(signal);
      return offersOf(query, site, { connectionId: this.#ports.connectionId, asOf: this.#ports.clock.now() });
    });
  }

  async jobOptions(signal: AbortSignal): Promise<readonly JobOption[]> {
    return inContract(signal, explain, async () => jobOptionsOf(await this.#lookAtSite(signal), this.#settings));
  }

  plan(input: PlanInput): Plan {
    return planJob(input, this.#settings, recallKnowledge(this.#ports.keyValue));
  }

  async dryRun(plan: Plan, signal: AbortSignal): Promise<DryRun> {
    return inContract(signal, explain, async () => dryRun(this.#shell, plan, signal));
  }

  async stage(
    snapshot: Snapshot,
    signal: AbortSignal,
    onProgress: (progress: StageProgress) => void,
  ): Promise<StagedCode> {
    return inContract(signal, explain, async () => {
      await stageSnapshot(this.#shell, snapshot, signal, onProgress);
      return { snapshotId: snapshot.id };
    });
  }

  async submit(input: SubmitInput, signal: AbortSignal): Promise<Handle> {
    return inContract(signal, explain, async () => submitJob(this.#shell, input, signal));
  }

  async find(key: AttemptKey, signal: AbortSignal): Promise<Handle | null> {
    return inContract(signal, explain, async () => findJob(this.#shell, key, signal));
  }

  async list(signal: AbortSignal): Promise<readonly FoundAttempt[]> {
    return inContract(signal, explain, async () => listRuns(this.#shell, signal));
  }

  async observe(handles: readonly Handle[], signal: AbortSignal): Promise<ReadonlyMap<string, Observation>> {
    return inContract(signal, explain, async () => {
      if (handles.length === 0) {
        return new Map();
      }
      const { now, runs } = await this.#look(handles.map(jobOf), signal);
      return new Map([...runs].map(([run, facts]) => [run, observationOf(facts, now)]));
    });
  }

  logs(handle: Handle, cursor: LogCursor | null, signal: AbortSignal): AsyncIterable<LogItem> {
    return streamInContract(signal, explain, () => {
      const either = AbortSignal.any([signal, this.#disposed.signal]);
      const job = jobOf(handle);
      return followLog(
        job.run,
        cursor,
        {
          shell: this.#shell,
          hub: (run) => this.#hubFor(run),
          hasEnded: async () => {
            const facts = (await this.#look([job], either)).runs.get(job.run);
            if (facts === undefined) {
              throw gone(handle);
            }
            return hasEnded(facts);
          },
          untilEnded: async (hint, until) => this.#ends.until(job, hint, until),
        },
        either,
      );
    });
  }

  async cancel(handle: Handle, signal: AbortSignal): Promise<void> {
    return inContract(signal, explain, async () => {
      const { run, jobId } = jobOf(handle);
      const { exitCode, stderr } = await this.#shell.finish({ text: cancelScript, args: [run, jobId] }, signal);
      if (exitCode === 66) {
        throw gone(handle);
      }
      if (exitCode !== 0) {
        throw explainFailure(stderr, exitCode);
      }
    });
  }

  async outputs(handle: Handle, globs: readonly string[], signal: AbortSignal): Promise<readonly OutputFile[]> {
    return inContract(signal, explain, async () => listOutputs(this.#shell, jobOf(handle).run, globs, signal));
  }

  readOutput(handle: Handle, path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return streamInContract(signal, explain, () => readOutputFile(this.#shell, jobOf(handle).run, path, signal));
  }

  async remove(handle: Handle, signal: AbortSignal): Promise<void> {
    return inContract(signal, explain, async () => {
      const job = jobOf(handle);
      const facts = (await this.#look([job], signal)).runs.get(job.run);
      if (facts !== undefined && !hasEnded(facts)) {
        throw new ProviderError('conflict', 'The job has not ended yet, so it is not removed.', {
          remedy: 'Cancel it first.',
        });
      }
      await removeRun(this.#shell, job.run, signal);
    });
  }

  async openShell(handle: Handle, member: AttemptMember, size: TerminalSize, signal: AbortSignal): Promise<Shell> {
    return inContract(signal, explain, async () => {
      const { run, jobId } = jobOf(handle);
      const { taskJobId, node } = await placeOf(this.#shell, jobId, member, signal);
      const script = { text: shellScript, args: [taskJobId, node, run] };
      return this.#shell.host.openShell(await this.#shell.prepared(script, signal), size, signal);
    });
  }

  async forwardPort(
    handle: Handle,
    member: AttemptMember,
    remotePort: number,
    signal: AbortSignal,
  ): Promise<ForwardedPort> {
    return inContract(signal, explain, async () => {
      const job = jobOf(handle);
      const { address } = await placeOf(this.#shell, job.jobId, member, signal);
      const until = AbortSignal.any([signal, this.#disposed.signal]);
      return forwardTo(
        remotePort,
        async (closed) => this.#shell.host.connectTo(address, remotePort, closed),
        async (closed) => {
          await this.#ends.until(job, new AbortController().signal, closed);
          return 'The job has ended';
        },
        until,
      );
    });
  }

  location(handle: Handle): Location | null {
    const path = handle.data['folder'];
    if (typeof path !== 'string') {
      return null;
    }
    const { host } = this.#settings;
    return host === null ? { kind: 'folder', path } : { kind: 'remoteFolder', host, path };
  }

  codeFolder(handle: Handle): string | null {
    const folder = handle.data['folder'];
    return typeof folder === 'string' ? join(folder, 'work') : null;
  }

  async dispose(): Promise<void> {
    this.#disposed.abort(new ProviderError('transient', 'The connection to the cluster was closed.'));
    await this.#shell.host.dispose();
  }

  async #lookAtSite(signal: AbortSignal): Promise<Site> {
    const site = parseSite(await this.#shell.run({ text: discoverScript }, signal));
    await rememberKnowledge(this.#ports.keyValue, knowledgeOf(site));
    return site;
  }

  async #look(jobs: readonly Job[], signal: AbortSignal): Promise<Look> {
    const input = Buffer.from(jobs.map(({ run, jobId }) => `${run} ${jobId}\n`).join(''));
    const look = parseLook(await this.#shell.run({ text: observeScript, input }, signal));
    this.#ends.notice(endedIn(jobs, look));
    return look;
  }

  /** Two who read the same log need two scripts. */
  #hubFor(run: RunName): LogHub {
    this.#hubs = this.#hubs.filter((hub) => !hub.isIdle);
    const free = this.#hubs.find((hub) => !hub.follows(run));
    if (free !== undefined) {
      return free;
    }
    const hub = new LogHub(this.#shell);
    this.#hubs = [...this.#hubs, hub];
    return hub;
  }
}

/**
 * $1 run, $2 job id. A wish that comes after the end of all tasks, or that Slurm was not told, leaves no trace. scancel says nothing of
 * jobs that are not there.
 */
const cancelScript = `
cd "$root/runs/$1" 2>/dev/null || exit 66
new=
if [ ! -e cancel ] && { [ ! -e final ] || [ -n "$(squeue -a -h -j "$2" -o %A 2>/dev/null)" ]; }; then
  new=yes
  : >cancel || exit
fi
scancel "$2" || { code=$?; [ -z "$new" ] || rm -f cancel; exit $code; }
`;

/** $1 id of the task, $2 node, $3 run. */
const shellScript = `
cd "$root/runs/$3/folder" 2>/dev/null || cd
exec srun --jobid="$1" --nodelist="$2" --nodes=1 --ntasks=1 --overlap --pty "\${SHELL:-/bin/bash}" -l
`;

function endedIn(jobs: readonly Job[], { runs }: Look): ReadonlySet<RunName> {
  return new Set(
    jobs.flatMap(({ run }) => {
      const facts = runs.get(run);
      return facts === undefined || hasEnded(facts) ? [run] : [];
    }),
  );
}

function gone({ id }: Handle): ProviderError {
  return new ProviderError('notFound', `The cluster has no run "${id}".`, {
    remedy: 'Its folder was removed; submit again.',
  });
}

function explain(error: unknown): ProviderError {
  const raw = error instanceof Error ? error.message : String(error);
  return new ProviderError('transient', `The cluster could not be asked: ${raw}`, { raw, cause: error });
}
