import * as z from 'zod/mini';
import type { EpochMs } from '../../../core/job.ts';
import { workspaceId } from '../paths.ts';
import type { AzureSettings } from '../settings.ts';
import type { AzureApi } from './api.ts';
import { hasStatus } from './apiError.ts';
import { Shared } from './shared.ts';
import { trusted } from './trusted.ts';
import type { Workspace } from './workspace.ts';

const discoverySchema = z.object({ api: z.string() });

const detailsSchema = z.looseObject({
  status: z.nullish(z.string()),
  startTimeUtc: z.nullish(z.string()),
  endTimeUtc: z.nullish(z.string()),
  error: z.nullish(
    z.looseObject({ error: z.nullish(z.looseObject({ code: z.nullish(z.string()), message: z.nullish(z.string()) })) }),
  ),
  warnings: z.nullish(z.array(z.looseObject({ source: z.nullish(z.string()), message: z.nullish(z.string()) }))),
  /** Path to a URL that reads it for a while. */
  logFiles: z.nullish(z.record(z.string(), z.string())),
});

const artifactsSchema = z.object({
  value: z.nullish(z.array(z.looseObject({ path: z.string(), contentUri: z.nullish(z.string()) }))),
  continuationToken: z.nullish(z.string()),
});

/** A file that a run left behind. */
export interface Artifact {
  /** From the run's own folder on: `outputs/model.pt`. */
  readonly path: string;
  /** Reads it for a while. */
  readonly url: string;
}

/** What the run history knows of a job beyond Resource Manager: times, errors, log files. */
export type RunDetails = z.infer<typeof detailsSchema> & {
  /** By Azure's clock; left out where it does not say. */
  readonly answeredAt?: EpochMs;
};

/** The service behind Azure ML studio's job page, in the region of the workspace. */
export class RunHistory {
  readonly #api: AzureApi;
  readonly #settings: AzureSettings;
  readonly #base: Shared<string>;

  constructor(api: AzureApi, workspace: Workspace, settings: AzureSettings) {
    this.#api = api;
    this.#settings = settings;
    this.#base = new Shared(async (signal) => {
      const { discoveryUrl, location } = await workspace.info(signal);
      if (discoveryUrl === null) {
        return `https://${location}.api.azureml.ms`;
      }
      const { body } = await api.callUrl('GET', trusted(discoveryUrl), {}, signal);
      return trusted(z.parse(discoverySchema, body).api.replace(/\/+$/u, ''));
    });
  }

  /** Where the services of Azure ML in the region of the workspace are: `https://eastus.api.azureml.ms`. */
  async region(signal: AbortSignal): Promise<string> {
    return this.#base.get(signal);
  }

  /** null when there is no such run. */
  async details(job: string, signal: AbortSignal): Promise<RunDetails | null> {
    const base = await this.#base.get(signal);
    const url = `${base}/history/v1.0${workspaceId(this.#settings)}/runs/${job}/details`;
    try {
      const { body, date } = await this.#api.callUrl('GET', url, {}, signal);
      return { ...z.parse(detailsSchema, body), ...(date === null ? {} : { answeredAt: date }) };
    } catch (error) {
      if (hasStatus(error, 404)) {
        return null;
      }
      throw error;
    }
  }

  /** Files that the run left in its default output, below a prefix. Nothing where there is no such run. */
  async *artifacts(job: string, prefix: string, signal: AbortSignal): AsyncGenerator<Artifact, void> {
    const base = await this.#base.get(signal);
    const path = `/artifact/v2.0${workspaceId(this.#settings)}/artifacts/prefix/contentinfo/ExperimentRun/dcid.${job}`;
    for (let token: string | null = ''; token !== null;) {
      const query = new URLSearchParams({ path: prefix, ...(token === '' ? {} : { continuationToken: token }) });
      let body: unknown;
      try {
        ({ body } = await this.#api.callUrl('GET', `${base}${path}?${query}`, {}, signal));
      } catch (error) {
        if (hasStatus(error, 404)) {
          return;
        }
        throw error;
      }
      const page = z.parse(artifactsSchema, body);
      for (const artifact of page.value ?? []) {
        if (artifact.contentUri) {
          yield { path: artifact.path, url: trusted(artifact.contentUri) };
        }
      }
      const next: string | null = page.continuationToken || null;
      token = next === token ? null : next;
    }
  }
}
