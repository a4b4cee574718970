import * as z from 'zod/mini';
import type { AttemptKey } from '../../../src/core/job.ts';
import { jobStates } from '../../../src/core/jobState.ts';
import type { LogCursor, LogItem } from '../../../src/core/logChunk.ts';
import type { FoundAttempt, Handle, Json, Observation } from '../../../src/core/provider.ts';

const json: z.ZodMiniType<Json> = z.json();
const time = z.nullable(z.number());
const stateSchema = z.enum([...jobStates]);

export const recordSchema = z.object({
  id: z.string(),
  key: z.object({ runId: z.string(), attempt: z.number() }),
  name: z.string(),
  createdAt: z.number(),
  spec: json,
});

export const observationSchema = z.object({
  state: z.enum([
    'queued',
    'provisioning',
    'running',
    'preempted',
    'cancelling',
    'succeeded',
    'failed',
    'cancelled',
    'unknown',
  ]),
  nativeState: z.string(),
  reason: z.nullable(z.string()),
  explanation: z.optional(z.string()),
  expectedStartAt: z.optional(z.number()),
  observedAt: z.number(),
  startedAt: time,
  endedAt: time,
  exitCode: time,
  signal: z.nullable(z.string()),
  nodes: z.array(z.object({ rank: z.number(), host: z.nullable(z.string()), state: stateSchema })),
  tasks: z.array(z.object({ index: z.number(), state: stateSchema, exitCode: time })),
  native: json,
});

const streamSchema = z.object({ name: z.string(), task: z.number(), node: z.number() });

export const logItemSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('bytes'), stream: streamSchema, base64: z.string(), time, cursor: z.string() }),
  z.object({
    kind: z.literal('gap'),
    stream: streamSchema,
    from: time,
    to: time,
    reason: z.string(),
    cursor: z.string(),
  }),
]);

export const dryRunSchema = z.object({
  accepted: z.boolean(),
  explanation: z.string(),
  expectedStartAt: time,
  raw: z.string(),
});

export const jobOptionSchema = z.object({
  name: z.string(),
  label: z.string(),
  help: z.string(),
  choices: z.array(z.object({ value: z.string(), description: z.string() })),
  mayType: z.boolean(),
  fallback: z.nullable(z.string()),
});

/** What an open shell sends: who it is, what it prints, how it ended. */
export const shellItemSchema = z.union([
  z.object({ session: z.string() }),
  z.object({ base64: z.string() }),
  z.object({ exitCode: z.number() }),
]);

export const outputSchema = z.object({ path: z.string(), bytes: z.number(), modifiedAt: time });

export function toFound(record: z.infer<typeof recordSchema>, key: AttemptKey, handle: Handle): FoundAttempt {
  return { key, handle, name: record.name, createdAt: record.createdAt, spec: record.spec };
}

export function toObservation(observation: z.infer<typeof observationSchema>): Observation {
  const { explanation, expectedStartAt, ...rest } = observation;
  return {
    ...rest,
    ...(explanation === undefined ? {} : { explanation }),
    ...(expectedStartAt === undefined ? {} : { expectedStartAt }),
  };
}

export function toLogItem(item: z.infer<typeof logItemSchema>): LogItem {
  const cursor = item.cursor as LogCursor;
  if (item.kind === 'gap') {
    return { ...item, cursor };
  }
  const { kind, stream, time: at } = item;
  return { kind, stream, bytes: Buffer.from(item.base64, 'base64'), time: at, cursor };
}
