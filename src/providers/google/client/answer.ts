import * as z from 'zod/mini';
import type { ProviderErrorTag } from '../../../core/providerError.ts';

/** The names of `google.rpc.Code`; their numbers are their places. */
const codeNames = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export type Code = (typeof codeNames)[number];

/** What a Google API said, whichever way it was asked. */
export interface Answer {
  /** null where nothing was said: the way there is cut. */
  readonly code: Code | null;
  /** Of HTTP; null over gRPC. */
  readonly status: number | null;
  readonly message: string;
  /** `google.rpc.ErrorInfo`: its reason, such as `SERVICE_DISABLED`, and what comes with it. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | null;
}

/** What an answer means to a person. */
export interface Judgement {
  readonly tag: ProviderErrorTag;
  readonly message: string;
  readonly remedy?: string;
}

const infoSchema = z.object({
  reason: z.optional(z.string()),
  metadata: z.optional(z.record(z.string(), z.unknown())),
  retryDelay: z.optional(
    z.union([z.string(), z.object({ seconds: z.optional(z.string()), nanos: z.optional(z.number()) })]),
  ),
});

const bodySchema = z.object({
  error: z.union([
    z.string(),
    z.object({
      status: z.optional(z.string()),
      message: z.optional(z.string()),
      errors: z.optional(z.array(infoSchema)),
      details: z.optional(z.array(z.unknown())),
    }),
  ]),
  error_description: z.optional(z.string()),
  error_subtype: z.optional(z.string()),
});

const errorSchema = z.object({
  code: z.optional(z.union([z.string(), z.number()])),
  status: z.optional(z.union([z.string(), z.number()])),
  message: z.string(),
  details: z.optional(z.unknown()),
  reason: z.optional(z.nullable(z.string())),
  errorInfoMetadata: z.optional(z.record(z.string(), z.unknown())),
  statusDetails: z.optional(z.unknown()),
  errors: z.optional(z.array(z.unknown())),
  response: z.optional(
    z.object({
      status: z.optional(z.number()),
      statusCode: z.optional(z.number()),
      data: z.optional(z.unknown()),
      body: z.optional(z.unknown()),
      headers: z.optional(z.unknown()),
    }),
  ),
});

/** Reads the errors of gax, gaxios, Cloud Storage's client and `client/rest.ts`. */
export function answerOf(error: unknown): Answer {
  const fields = z.safeParse(errorSchema, plainError(error)).data;
  if (fields === undefined) {
    return { code: null, status: null, message: String(error), reason: '', metadata: {}, retryAfterMs: null };
  }
  const status = httpStatus(fields);
  const body = bodyOf(fields.response?.data ?? fields.response?.body);
  const inner = typeof body?.error === 'object' ? body.error : undefined;
  const infos = [
    ...list(inner?.details),
    ...list(fields.statusDetails).map(plainMessage),
    ...list(inner?.errors),
    ...list(fields.errors),
  ].flatMap((detail) => z.safeParse(infoSchema, detail).data ?? []);
  const info = infos.find(({ reason }) => reason !== undefined);
  return {
    code: codeOf(inner?.status, status, fields.code),
    status,
    message: messageOf(body, fields.message),
    reason: fields.reason ?? info?.reason ?? '',
    metadata: texts(fields.errorInfoMetadata ?? info?.metadata ?? {}),
    retryAfterMs:
      delayOf(infos.find(({ retryDelay }) => retryDelay !== undefined)?.retryDelay) ?? header(fields.response?.headers),
  };
}

type Fields = z.infer<typeof errorSchema>;
type Body = z.infer<typeof bodySchema>;

/** An error's own fields and its message, which is none of them. */
function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) {
    return error;
  }
  const response = 'response' in error ? { response: error.response } : {};
  return { ...Object.fromEntries(Object.entries(error)), message: error.message, ...response };
}

/** gRPC's codes end at 16, those of HTTP begin at 100. */
function httpStatus({ code, status, response }: Fields): number | null {
  const numbers = [response?.status, response?.statusCode, status, code].map(Number);
  return numbers.find((number) => number >= 100 && number < 600) ?? null;
}

function codeOf(word: string | undefined, status: number | null, code: string | number | undefined): Code | null {
  const named = codeNames.find((name) => name === word);
  if (named !== undefined) {
    return named;
  }
  if (status !== null) {
    return codeOfStatus(status);
  }
  return typeof code === 'number' ? (codeNames[code] ?? null) : null;
}

/** https://cloud.google.com/apis/design/errors, and 412 as Cloud Storage means it. */
function codeOfStatus(status: number): Code {
  const known: Readonly<Record<number, Code>> = {
    400: 'INVALID_ARGUMENT',
    401: 'UNAUTHENTICATED',
    403: 'PERMISSION_DENIED',
    404: 'NOT_FOUND',
    408: 'UNAVAILABLE',
    409: 'ABORTED',
    412: 'FAILED_PRECONDITION',
    429: 'RESOURCE_EXHAUSTED',
    499: 'CANCELLED',
    500: 'INTERNAL',
    501: 'UNIMPLEMENTED',
    503: 'UNAVAILABLE',
    504: 'DEADLINE_EXCEEDED',
  };
  return known[status] ?? (status >= 500 ? 'UNAVAILABLE' : 'INVALID_ARGUMENT');
}

function bodyOf(data: unknown): Body | undefined {
  if (typeof data !== 'string') {
    return z.safeParse(bodySchema, data).data;
  }
  try {
    return z.safeParse(bodySchema, JSON.parse(data)).data;
  } catch {
    return undefined;
  }
}

function messageOf(body: Body | undefined, fallback: string): string {
  if (typeof body?.error === 'string') {
    return [body.error, body.error_subtype, body.error_description].filter(Boolean).join(': ');
  }
  // grpc-js puts number and name of the code before what the server said.
  return (body?.error.message ?? fallback).replace(/^\d+ [A-Z_]+: /u, '').slice(0, 4000);
}

/** A message of protobuf without its classes, which hold 64-bit numbers in one of their own. */
function plainMessage(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message));
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(values: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

function delayOf(delay: z.infer<typeof infoSchema>['retryDelay']): number | null {
  if (delay === undefined) {
    return null;
  }
  const seconds =
    typeof delay === 'string' ? Number.parseFloat(delay) : Number(delay.seconds ?? 0) + (delay.nanos ?? 0) / 1e9;
  return Number.isFinite(seconds) ? Math.ceil(seconds * 1000) : null;
}

function header(headers: unknown): number | null {
  const value =
    headers instanceof Headers
      ? headers.get('retry-after')
      : z.safeParse(z.object({ 'retry-after': z.string() }), headers).data?.['retry-after'];
  const seconds = value === null || value === undefined ? Number.NaN : Number(value);
  return Number.isFinite(seconds) ? seconds * 1000 : null;
}

/** The operating system's word for a broken way, such as `ECONNREFUSED`, of the error or its cause; null where there is none. */
export function networkCode(error: unknown): string | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    const word = 'code' in at && typeof at.code === 'string' ? at.code : '';
    if (/^(?:E[A-Z]{3,}|UND_ERR_\w+)$/u.test(word)) {
      return word;
    }
  }
  return null;
}
