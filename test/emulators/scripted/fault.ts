import * as z from 'zod/mini';
import { ProviderError, type ProviderErrorTag, providerErrorTags } from '../../../src/core/providerError.ts';

/**
 * What can be asked of the backend and is answered at once. `staged` asks which pieces are there, `stage` sends one, `lock`
 * guards a creation, `shellInput` and `shellResize` go to an open `shell`.
 */
const callOperations = [
  'identity',
  'offers',
  'staged',
  'stage',
  'lock',
  'submit',
  'find',
  'list',
  'observe',
  'cancel',
  'outputs',
  'remove',
  'dryRun',
  'jobOptions',
  'shellInput',
  'shellResize',
] as const;

/** What is answered item by item. */
const streamOperations = ['watch', 'logs', 'readOutput', 'shell', 'forward'] as const;

export const operations = [...callOperations, ...streamOperations] as const;

export type CallOperation = (typeof callOperations)[number];
export type StreamOperation = (typeof streamOperations)[number];
export type Operation = CallOperation | StreamOperation;

export function isStreamOperation(operation: Operation): operation is StreamOperation {
  return streamOperations.some((stream) => stream === operation);
}

const whenSchema = {
  on: z.enum(operations),
  /** How many calls it befalls. */
  times: z._default(z.number(), 1),
  /** How many calls go well before. */
  after: z._default(z.number(), 0),
};

export const faultSchema = z.discriminatedUnion('kind', [
  z.object({
    ...whenSchema,
    kind: z.literal('fail'),
    tag: z.enum([...providerErrorTags]),
    raw: z.optional(z.string()),
    retryAfterMs: z.optional(z.number()),
  }),
  /** The connection dies before anything was done. */
  z.object({ ...whenSchema, kind: z.literal('loseRequest') }),
  /** The connection dies after the work was done. */
  z.object({ ...whenSchema, kind: z.literal('loseReply') }),
  /** No answer ever; nothing is done. */
  z.object({ ...whenSchema, kind: z.literal('hang') }),
  /** No answer ever, but the work is done. */
  z.object({ ...whenSchema, kind: z.literal('hangAfterWork') }),
  z.object({ ...whenSchema, kind: z.literal('delay'), ms: z.number() }),
  /** The request arrives twice, as through a proxy that repeats it. On `watch`: everything is pushed twice. */
  z.object({ ...whenSchema, kind: z.literal('duplicate') }),
  /** `observe` and `watch` say what was true one phase ago, with the time of then. */
  z.object({ ...whenSchema, kind: z.literal('late') }),
  /** The stream of `logs`, `readOutput` or `watch` dies after that many bytes; for `watch`, items. */
  z.object({ ...whenSchema, kind: z.literal('drop'), afterBytes: z.number() }),
]);

export type Fault = z.infer<typeof faultSchema>;
export type FaultInput = z.input<typeof faultSchema>;

/** The connection is gone and no answer will come. */
export class ConnectionLost extends Error {}

const rawTexts: Readonly<Record<ProviderErrorTag, string>> = {
  auth: '16 UNAUTHENTICATED: Request had invalid authentication credentials. Expected OAuth 2 access token.',
  quota:
    '8 RESOURCE_EXHAUSTED: The following quota metrics exceed quota limits: custom_model_training_nvidia_h100_gpus, limit 8',
  capacity:
    'CapacityError: Unable to provision requested ML compute capacity. Please retry using a different instance type.',
  rateLimited: 'ThrottlingException: Rate exceeded',
  transient: '503 Service Unavailable: upstream connect error or disconnect/reset before headers',
  invalid:
    '3 INVALID_ARGUMENT: List of found errors: 1.Field: job_spec.worker_pool_specs[0].machine_spec; Message: unsupported',
  notFound: '5 NOT_FOUND: The job does not exist.',
  conflict: '409 Conflict: a job with this name is being deleted',
  unsupported: '12 UNIMPLEMENTED: Method is not available in this region.',
};

const remedies: Partial<Record<ProviderErrorTag, string>> = {
  auth: 'Sign in again.',
  quota: 'Ask for more quota or use fewer accelerators.',
};

/** The error a real backend of that kind would answer with. */
export function scriptedError(tag: ProviderErrorTag, raw?: string, retryAfterMs?: number): ProviderError {
  const remedy = remedies[tag];
  return new ProviderError(tag, `The scripted backend refused: ${tag}.`, {
    raw: raw ?? rawTexts[tag],
    ...(remedy === undefined ? {} : { remedy }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** The faults that are still to come. */
export class FaultPlan {
  #pending: Fault[] = [];

  add(fault: Fault): void {
    this.#pending.push(fault);
  }

  clear(): void {
    this.#pending = [];
  }

  /** The fault that befalls this call; the first that was planned goes first. */
  take(operation: Operation): Fault | undefined {
    const index = this.#pending.findIndex((fault) => fault.on === operation && fault.times > 0);
    const fault = this.#pending[index];
    if (fault === undefined) {
      return undefined;
    }
    if (fault.after > 0) {
      this.#pending[index] = { ...fault, after: fault.after - 1 };
      return undefined;
    }
    if (fault.times <= 1) {
      this.#pending.splice(index, 1);
    } else {
      this.#pending[index] = { ...fault, times: fault.times - 1 };
    }
    return fault;
  }
}
