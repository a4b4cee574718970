import * as z from 'zod/mini';
import type { StreamId } from '../../../core/logChunk.ts';

/** A log entry of a custom job: a printed line, or a part of a long one. */
export interface LogEntry {
  readonly jobId: string;
  readonly stream: StreamId;
  readonly bytes: Uint8Array;
  /** With the time, this tells entries apart and orders those of the same time. */
  readonly insertId: string;
  /** When it was printed, in ns since 1970. */
  readonly nanos: bigint;
  /** When Cloud Logging got it, in s since 1970. */
  readonly receivedSecond: number;
}

const timestamp = z.object({ seconds: z.unknown(), nanos: z.optional(z.nullable(z.number())) });

const schema = z.object({
  insertId: z.string(),
  timestamp,
  receiveTimestamp: z.optional(z.nullable(timestamp)),
  severity: z.optional(z.nullable(z.union([z.string(), z.number()]))),
  textPayload: z.optional(z.nullable(z.string())),
  jsonPayload: z.optional(z.nullable(z.unknown())),
  resource: z.object({ labels: z.record(z.string(), z.string()) }),
  labels: z.optional(z.nullable(z.record(z.string(), z.string()))),
  split: z.optional(z.nullable(z.object({ index: z.number(), totalSplits: z.number() }))),
});

type Fields = z.infer<typeof schema>;

const encoder = new TextEncoder();

/** Reads an entry as the gRPC client gives it; null for one that is of no job. */
export function parseLogEntry(raw: unknown): LogEntry | null {
  const fields = z.safeParse(schema, raw).data;
  const jobId = fields?.resource.labels['job_id'];
  if (fields === undefined || jobId === undefined) {
    return null;
  }
  const nanos = nanosOf(fields.timestamp);
  const received = fields.receiveTimestamp;
  return {
    jobId,
    stream: streamOf(fields),
    bytes: encoder.encode(textOf(fields)),
    insertId: fields.insertId,
    nanos,
    receivedSecond: Number((received === undefined || received === null ? nanos : nanosOf(received)) / 1_000_000_000n),
  };
}

function nanosOf({ seconds, nanos }: z.infer<typeof timestamp>): bigint {
  const whole = String(seconds);
  return (/^\d+$/u.test(whole) ? BigInt(whole) : 0n) * 1_000_000_000n + BigInt(nanos ?? 0);
}

/** An entry is a line, whether its line feed is in it or not; of one that was split only the last part ends the line. */
function textOf(fields: Fields): string {
  const text = fields.textPayload ?? messageOf(fields.jsonPayload);
  const isCut =
    fields.split !== undefined && fields.split !== null && fields.split.index < fields.split.totalSplits - 1;
  return isCut || text.endsWith('\n') ? text : `${text}\n`;
}

/** What was printed is in `message`; a line that was itself JSON has no such field, or others beside it. */
function messageOf(payload: unknown): string {
  const value = structValue(payload);
  if (typeof value !== 'object' || value === null) {
    return '';
  }
  const message = 'message' in value ? value.message : undefined;
  return typeof message === 'string' ? message : JSON.stringify(value);
}

const kinds = z.object({
  fields: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
  stringValue: z.optional(z.nullable(z.string())),
  numberValue: z.optional(z.nullable(z.number())),
  boolValue: z.optional(z.nullable(z.boolean())),
  structValue: z.optional(z.nullable(z.unknown())),
  listValue: z.optional(z.nullable(z.object({ values: z.optional(z.nullable(z.array(z.unknown()))) }))),
});

/** A `google.protobuf.Struct` or `Value` as JSON has it. */
function structValue(raw: unknown): unknown {
  const value = z.safeParse(kinds, raw).data;
  if (value === undefined) {
    return null;
  }
  if (value.fields !== undefined && value.fields !== null) {
    return Object.fromEntries(Object.entries(value.fields).map(([key, inner]) => [key, structValue(inner)]));
  }
  if (value.listValue !== undefined && value.listValue !== null) {
    return (value.listValue.values ?? []).map(structValue);
  }
  return (
    value.stringValue ??
    value.numberValue ??
    value.boolValue ??
    (value.structValue === undefined ? null : structValue(value.structValue))
  );
}

const severeNames = new Set(['ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY']);
/** `google.logging.type.LogSeverity.ERROR`. */
const errorSeverity = 500;

/**
 * What a replica prints on stderr has the severity ERROR. The first worker pool has one replica, rank 0; those of the second follow.
 * A slice of TPUs is one replica on several machines, which a label tells apart.
 */
function streamOf({ resource, severity, labels }: Fields): StreamId {
  const task = resource.labels['task_name'] ?? '';
  const { pool, index } = /^workerpool(?<pool>\d+)-(?<index>\d+)$/u.exec(task)?.groups ?? {};
  if (pool === undefined) {
    return { name: task === '' ? 'service' : task, task: 0, node: 0 };
  }
  const machine = Number(labels?.['ml.googleapis.com/tpu_worker_id'] ?? 0);
  const isSevere = typeof severity === 'number' ? severity >= errorSeverity : severeNames.has(severity ?? '');
  const rank = Number(index) + Number(pool);
  return {
    name: isSevere ? 'stderr' : 'stdout',
    task: 0,
    node: Number.isInteger(machine) && machine > 0 ? machine : rank,
  };
}
