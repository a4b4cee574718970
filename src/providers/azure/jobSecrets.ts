import * as z from 'zod/mini';
import type { EpochMs } from '../../core/job.ts';
import type { Clock, KeyValue } from '../../core/ports.ts';
import type { Workspace } from './client/workspace.ts';
import { stored } from './names.ts';

const key = 'secrets';
const leftSchema = z.record(z.string(), z.number());

/** A job may appear this long after it was sent, in ms: until then it is not taken for one that is not there. */
const mayAppearWithin = 10 * 60_000;
/** After a removal that failed, in ms. */
const tryAgainAfter = 15_000;
/** At a time. */
const mostLookedAt = 4;
const mostRemembered = 500;

export interface JobSecretsOptions {
  readonly workspace: Pick<Workspace, 'defaultStore'>;
  readonly keyValue: KeyValue;
  readonly clock: Clock;
}

/**
 * The secrets of jobs in the datastore. Before they go there it is written down that they have to be taken away again, and stays so
 * until they are gone, whatever happens in between. To each job there is a time from which on it is worth looking.
 */
export class JobSecrets {
  readonly #options: JobSecretsOptions;

  constructor(options: JobSecretsOptions) {
    this.#options = options;
  }

  async put(job: string, script: string, signal: AbortSignal): Promise<void> {
    await this.later(job);
    const { container } = await this.#options.workspace.defaultStore(signal);
    await container.put(stored.secrets(job), Buffer.from(script), signal);
  }

  /** False when that failed; then they are `due` again soon. Rejects only with the signal's reason. */
  async remove(job: string, signal: AbortSignal): Promise<boolean> {
    try {
      const { container } = await this.#options.workspace.defaultStore(signal);
      await container.delete(stored.secrets(job), signal);
    } catch {
      signal.throwIfAborted();
      await this.#remember(job, this.#options.clock.now() + tryAgainAfter);
      return false;
    }
    await this.#remember(job, null);
    return true;
  }

  /** Jobs whose secrets may be there though they need them no more. */
  due(): readonly string[] {
    const now = this.#options.clock.now();
    return Object.entries(this.#left())
      .filter(([, lookAt]) => isDue(lookAt, now))
      .map(([job]) => job)
      .slice(0, mostLookedAt);
  }

  /** The job was sent so lately that it may still appear. */
  mayAppear(job: string): boolean {
    const lookAt = this.#left()[job];
    return lookAt !== undefined && !isDue(lookAt, this.#options.clock.now());
  }

  /** The job needs them for now. */
  async later(job: string): Promise<void> {
    await this.#remember(job, this.#options.clock.now() + mayAppearWithin);
  }

  #left(): Readonly<Record<string, EpochMs>> {
    try {
      return z.parse(leftSchema, JSON.parse(this.#options.keyValue.get(key) ?? '{}'));
    } catch {
      return {};
    }
  }

  async #remember(job: string, lookAt: EpochMs | null): Promise<void> {
    const left = new Map(Object.entries(this.#left()));
    const wasThere = left.delete(job);
    if (lookAt !== null) {
      left.set(job, lookAt);
    } else if (!wasThere) {
      return;
    }
    await this.#options.keyValue.set(key, JSON.stringify(Object.fromEntries([...left].slice(-mostRemembered))));
  }
}

/** Also when the clock of this machine was set back. */
function isDue(lookAt: EpochMs, now: EpochMs): boolean {
  return now >= lookAt || lookAt - now > 2 * mayAppearWithin;
}
