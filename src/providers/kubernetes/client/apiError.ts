import * as z from 'zod/mini';
import { ProviderError, type ProviderErrorTag } from '../../../core/providerError.ts';

/** `Status` as the API server sends it with every refusal, and the kubelet, without its kind, at the end of an exec. */
export const statusSchema = z.object({
  status: z.enum(['Success', 'Failure']),
  message: z.optional(z.string()),
  reason: z.optional(z.string()),
  code: z.optional(z.number()),
  details: z.optional(
    z.object({
      causes: z.optional(
        z.nullable(
          z.array(
            z.object({
              reason: z.optional(z.string()),
              message: z.optional(z.string()),
              field: z.optional(z.string()),
            }),
          ),
        ),
      ),
      retryAfterSeconds: z.optional(z.number()),
    }),
  ),
});

export type ApiStatus = z.infer<typeof statusSchema>;

export interface Refusal {
  readonly method: string;
  readonly path: string;
  readonly code: number;
  readonly body: string;
  /** Of the header, in s; null where there was none. */
  readonly retryAfter: number | null;
}

/** A ProviderError that knows the API server's answer. */
export class ApiError extends ProviderError {
  readonly code: number;
  /** The API's own word, such as `AlreadyExists`; empty where it gave none. */
  readonly reason: string;

  constructor(refusal: Refusal) {
    const status = parseStatus(refusal.body);
    const raw = status?.message ?? (refusal.body.trim().slice(0, 2000) || `HTTP ${refusal.code}`);
    const { tag, message, remedy } = judge(refusal, raw);
    const retryAfter = refusal.retryAfter ?? status?.details?.retryAfterSeconds ?? null;
    super(tag, message, {
      raw,
      ...(remedy === undefined ? {} : { remedy }),
      ...(retryAfter === null ? {} : { retryAfterMs: retryAfter * 1000 }),
    });
    this.code = refusal.code;
    this.reason = status?.reason ?? '';
  }
}

export function hasStatus(error: unknown, ...codes: readonly number[]): error is ApiError {
  return error instanceof ApiError && codes.includes(error.code);
}

export function parseStatus(body: string): ApiStatus | null {
  try {
    return z.safeParse(statusSchema, JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}

interface Judgement {
  readonly tag: ProviderErrorTag;
  readonly message: string;
  readonly remedy?: string;
}

function judge({ code, method, path }: Refusal, raw: string): Judgement {
  switch (code) {
    case 401:
      return {
        tag: 'auth',
        message: 'The cluster does not accept your sign-in.',
        remedy: 'Sign in again with your provider’s command-line tool, or get a new kubeconfig.',
      };
    case 402:
    case 403:
      return judgeForbidden(raw);
    case 404:
      return { tag: 'notFound', message: `The cluster does not have it: ${raw}.` };
    case 405:
    case 406:
    case 415:
    case 501:
      return { tag: 'unsupported', message: `This cluster cannot do that (${method} ${path}).` };
    case 409:
      return { tag: 'conflict', message: 'Something else is there under that name, or it changed meanwhile.' };
    case 400:
    case 413:
    case 422:
      return { tag: 'invalid', message: `The cluster refuses the request: ${raw}` };
    case 429:
      return { tag: 'rateLimited', message: 'The cluster asks for fewer requests.' };
    case 507:
      return { tag: 'capacity', message: 'The cluster has no room left for it.' };
    default:
      break;
  }
  if (/database space exceeded/u.test(raw)) {
    return {
      tag: 'capacity',
      message: 'The database of the cluster is full.',
      remedy: 'Tell whoever runs the cluster; delete finished jobs.',
    };
  }
  return code >= 500 || code === 410
    ? { tag: 'transient', message: `The cluster could not answer (HTTP ${code}).` }
    : { tag: 'invalid', message: `The cluster gave an answer that was not expected (HTTP ${code}).` };
}

function judgeForbidden(raw: string): Judgement {
  if (/exceeded quota/u.test(raw)) {
    return {
      tag: 'quota',
      message: 'The quota of the namespace is used up.',
      remedy: 'Wait for other jobs to end, ask for less, or ask whoever runs the cluster for more.',
    };
  }
  const missing = /cannot (\S+) resource "([^"]+)"/u.exec(raw);
  return {
    tag: 'auth',
    message: missing === null ? 'You may not do that here.' : `You may not ${missing[1]} ${missing[2]} here.`,
    remedy: 'Ask whoever runs the cluster for that right, or choose another namespace.',
  };
}

/** What went wrong before there was an answer. */
export function networkError(error: unknown, server: string): ProviderError {
  const raw = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME|ERR_TLS_/u.test(code)) {
    return new ProviderError('auth', `The certificate of ${server} is not the one that the kubeconfig expects.`, {
      raw,
      remedy: 'Get a new kubeconfig; if you changed networks, check that nothing stands between you and the cluster.',
      cause: error,
    });
  }
  return new ProviderError('transient', `${server} cannot be reached.`, {
    raw,
    remedy: 'Check your network, VPN or proxy.',
    cause: error,
  });
}
