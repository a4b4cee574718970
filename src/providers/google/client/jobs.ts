import type { JobServiceClient } from '@google-cloud/aiplatform/build/src/v1/job_service_client.js';
import * as z from 'zod/mini';
import type { EpochMs } from '../../../core/job.ts';
import type { Json } from '../../../core/provider.ts';
import type { CustomJobRequest } from '../plan/request.ts';
import { label } from '../labels.ts';
import type { GoogleAccess } from './access.ts';
import { hasCode } from './apiError.ts';

/** How long Vertex AI may take to make a job, in ms; after that it may be made all the same. */
export const createWithinMs = 25_000;

const timestamp = z.object({ seconds: z.union([z.string(), z.number()]), nanos: z.optional(z.number()) });
const duration = z.optional(z.nullable(timestamp));

/** What lists may leave out is the largest part: `job_spec`, which holds the script of each pool. */
const statusMask = {
  paths: ['name', 'display_name', 'state', 'labels', 'create_time', 'start_time', 'end_time', 'update_time', 'error'],
};

/** `CustomJob` as the SDK gives it; only what is read here. */
const jobSchema = z.object({
  name: z.string(),
  displayName: z.optional(z.string()),
  state: z.union([z.string(), z.number()]),
  labels: z.optional(z.nullable(z.record(z.string(), z.string()))),
  createTime: timestamp,
  startTime: z.optional(z.nullable(timestamp)),
  endTime: z.optional(z.nullable(timestamp)),
  updateTime: z.optional(z.nullable(timestamp)),
  error: z.optional(z.nullable(z.object({ code: z.optional(z.number()), message: z.optional(z.string()) }))),
  jobSpec: z.optional(
    z.nullable(
      z.object({
        scheduling: z.optional(
          z.nullable(
            z.object({
              strategy: z.optional(z.union([z.string(), z.number()])),
              maxWaitDuration: duration,
              disableRetries: z.optional(z.nullable(z.boolean())),
            }),
          ),
        ),
        baseOutputDirectory: z.optional(z.nullable(z.object({ outputUriPrefix: z.string() }))),
      }),
    ),
  ),
});

export interface VertexJob {
  /** Resource name. */
  readonly name: string;
  readonly displayName: string;
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: EpochMs;
  /** When it first ran. */
  readonly startedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
  readonly error: { readonly code: number; readonly message: string } | null;
  readonly strategy: string;
  /** Vertex AI does not start it again; false where a list does not say it. */
  readonly isTriedOnce: boolean;
  readonly outputUri: string;
  /** As received. */
  readonly native: Json;
}

/** Jobs of one project, by region. Every method rejects with the signal's reason or a ProviderError. */
export class Jobs {
  readonly #access: GoogleAccess;

  constructor(access: GoogleAccess) {
    this.#access = access;
  }

  /** `beforeSending` has the last word: what it throws is thrown, and nothing is sent. */
  async create(
    region: string,
    customJob: CustomJobRequest,
    beforeSending: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<VertexJob> {
    const parent = this.#parent(region);
    return this.#access.call(signal, async () => {
      const options = await this.#access.callOptions(signal, createWithinMs);
      await beforeSending();
      // The SDK drops names of enums that it does not know: all of ours are tested against its own.
      const request = { parent, customJob } as Parameters<JobServiceClient['createCustomJob']>[0];
      const [job] = await this.#access.jobs(region).createCustomJob(request, options);
      return readJob(job);
    });
  }

  /** null when it is not there. */
  async get(region: string, name: string, signal: AbortSignal): Promise<VertexJob | null> {
    try {
      return await this.#access.call(signal, async () => {
        const [job] = await this.#access.jobs(region).getCustomJob({ name }, await this.#access.callOptions(signal));
        return readJob(job);
      });
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND')) {
        return null;
      }
      throw error;
    }
  }

  async list(region: string, filter: string, signal: AbortSignal): Promise<readonly VertexJob[]> {
    return this.#list(region, { filter }, signal);
  }

  /** The same without what was asked for, so without `outputUri`: far less to send. */
  async listStatus(region: string, filter: string, signal: AbortSignal): Promise<readonly VertexJob[]> {
    return this.#list(region, { filter, readMask: statusMask }, signal);
  }

  async #list(
    region: string,
    query: { readonly filter: string; readonly readMask?: typeof statusMask },
    signal: AbortSignal,
  ): Promise<readonly VertexJob[]> {
    const found: VertexJob[] = [];
    let pageToken = '';
    do {
      const request = { parent: this.#parent(region), ...query, pageSize: 100, pageToken };
      const [jobs, next] = await this.#access.call(signal, async () => {
        const options = await this.#access.callOptions(signal);
        const [page, , response] = await this.#access
          .jobs(region)
          .listCustomJobs(request, { ...options, autoPaginate: false });
        return [page.map(readJob), response.nextPageToken ?? ''] as const;
      });
      found.push(...jobs);
      pageToken = next;
    } while (pageToken !== '');
    return found;
  }

  /** Having ended, or not being there, is no error. */
  async cancel(region: string, name: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#access.call(signal, async () =>
        this.#access.jobs(region).cancelCustomJob({ name }, await this.#access.callOptions(signal)),
      );
    } catch (error) {
      if (!hasCode(error, 'NOT_FOUND', 'FAILED_PRECONDITION')) {
        throw error;
      }
    }
  }

  /** Begins to delete it. Not being there is no error. */
  async delete(region: string, name: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#access.call(signal, async () =>
        this.#access.jobs(region).deleteCustomJob({ name }, await this.#access.callOptions(signal)),
      );
    } catch (error) {
      if (!hasCode(error, 'NOT_FOUND')) {
        throw error;
      }
    }
  }

  #parent(region: string): string {
    return `projects/${this.#access.project}/locations/${region}`;
  }
}

function readJob(received: unknown): VertexJob {
  const job = z.parse(jobSchema, received);
  const { error } = job;
  const labels = job.labels ?? {};
  return {
    name: job.name,
    displayName: job.displayName ?? '',
    state: String(job.state),
    labels,
    createdAt: timeOf(job.createTime) ?? 0,
    startedAt: timeOf(job.startTime),
    endedAt: timeOf(job.endTime),
    error: error === null || error === undefined ? null : { code: error.code ?? 0, message: error.message ?? '' },
    strategy: String(job.jobSpec?.scheduling?.strategy ?? labels[label.strategy]?.toUpperCase() ?? ''),
    isTriedOnce: job.jobSpec?.scheduling?.disableRetries === true,
    outputUri: job.jobSpec?.baseOutputDirectory?.outputUriPrefix ?? '',
    native: z.parse(z.json(), JSON.parse(JSON.stringify(received))),
  };
}

function timeOf(time: z.infer<typeof timestamp> | null | undefined): EpochMs | null {
  return time === null || time === undefined
    ? null
    : Number(time.seconds) * 1000 + Math.floor((time.nanos ?? 0) / 1_000_000);
}
