import * as z from 'zod/mini';
import { ProviderError } from '../../../core/providerError.ts';
import { judgeConflict } from './conflicts.ts';
import type { Judgement } from './judgement.ts';
import { judgeMissing } from './missing.ts';

const detailSchema = z.object({ code: z.nullish(z.string()), message: z.nullish(z.string()) });

/** What Resource Manager and Azure ML send with every refusal. */
const bodySchema = z.object({
  error: z.object({
    code: z.nullish(z.string()),
    message: z.nullish(z.string()),
    details: z.nullish(z.array(detailSchema)),
    innererror: z.nullish(z.unknown()),
  }),
});

export interface Refusal {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body: string;
  /** In ms; null where the answer had none. */
  readonly retryAfterMs: number | null;
  /** What signs the person in anew, in a sentence; null where no sign-in had part in it. */
  readonly signIn: string | null;
}

/** A ProviderError that knows what Azure answered. */
export class ApiError extends ProviderError {
  readonly status: number;
  /** Azure's own word, such as `AuthorizationFailed`; empty where it gave none. */
  readonly code: string;

  constructor(refusal: Refusal) {
    const { codes, text } = readBody(refusal);
    const { tag, message, remedy } = judge(refusal, codes, text);
    super(tag, message, {
      raw: text,
      ...(remedy === undefined ? {} : { remedy }),
      ...(refusal.retryAfterMs === null ? {} : { retryAfterMs: refusal.retryAfterMs }),
    });
    this.status = refusal.status;
    this.code = codes[0] ?? '';
  }
}

export function hasStatus(error: unknown, ...statuses: readonly number[]): error is ApiError {
  return error instanceof ApiError && statuses.includes(error.status);
}

interface Body {
  readonly codes: readonly string[];
  /** One line per message, without saying the same twice. */
  readonly text: string;
}

function readBody({ body, status }: Refusal): Body {
  const parsed = parseBody(body);
  if (parsed === null) {
    return { codes: [], text: body.trim().slice(0, 2000) || `HTTP ${status}` };
  }
  const parts = [parsed.error, ...(parsed.error.details ?? [])];
  const lines = parts.flatMap(({ code, message }) => {
    const line = [code, message].filter((part) => part !== null && part !== undefined && part !== '').join(': ');
    return line === '' ? [] : [line];
  });
  return {
    codes: parts.flatMap(({ code }) => code ?? []),
    text: [...new Set(lines)].join('\n').slice(0, 4000) || `HTTP ${status}`,
  };
}

function parseBody(body: string): z.infer<typeof bodySchema> | null {
  try {
    return z.safeParse(bodySchema, JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}

function judge(refusal: Refusal, codes: readonly string[], text: string): Judgement {
  // A limit on requests is told in the words of a quota as well; then it is the code alone that tells one of cores.
  const isThrottled = refusal.status === 429 && !codes.some((code) => /CoreQuota|QuotaExceeded/iu.test(code));
  const room = isThrottled ? null : judgeRoom(text);
  return room ?? judgeCode(refusal, codes, text) ?? judgeStatus(refusal, codes, text);
}

/** Quota and capacity, which Azure tells in refusals of every status and in the errors of jobs and clusters. */
export function judgeRoom(text: string): Judgement | null {
  if (
    /quota/iu.test(text) &&
    /exceed|less than|cannot accom|CoreQuota|QuotaExceeded|not enough|insufficient|limit/iu.test(text)
  ) {
    const isSpot = /low.?priority|spot/iu.test(text);
    return {
      tag: 'quota',
      message: isSpot
        ? 'The quota for spot (low-priority) cores in this region is used up.'
        : 'The quota for cores of this kind in this region is used up.',
      remedy:
        'Ask for more under Quota in Azure ML studio (https://ml.azure.com/quota), wait for other jobs to end, or take fewer nodes or another kind.',
    };
  }
  if (
    /AllocationFailed|SkuNotAvailable|OverconstrainedAllocation|out of capacity|insufficient capacity|not have (?:enough|sufficient) capacity|NoCapacity/iu.test(
      text,
    )
  ) {
    return {
      tag: 'capacity',
      message: 'Azure has no machine of this kind free in this region now.',
      remedy: 'Try later, take another kind of machine, or a workspace in another region.',
    };
  }
  return null;
}

function judgeCode({ signIn }: Refusal, codes: readonly string[], text: string): Judgement | null {
  const has = (...wanted: readonly string[]): boolean => wanted.some((code) => codes.includes(code));
  if (has('MissingSubscriptionRegistration', 'SubscriptionNotRegistered')) {
    return {
      tag: 'auth',
      message: 'The subscription is not registered for Azure Machine Learning.',
      remedy: 'Run: az provider register --namespace Microsoft.MachineLearningServices',
    };
  }
  if (has('InvalidAuthenticationTokenTenant')) {
    return {
      tag: 'auth',
      message: 'You are signed in to another tenant than the one that this subscription belongs to.',
      ...signingIn(signIn),
    };
  }
  if (has('ReadOnlyDisabledSubscription', 'DisabledSubscription', 'SubscriptionNotActive')) {
    return {
      tag: 'auth',
      message: 'The subscription is switched off.',
      remedy: 'Ask its owner to turn it on again in the Azure portal, or choose another one.',
    };
  }
  if (has('RequestDisallowedByPolicy')) {
    return {
      tag: 'invalid',
      message: 'A policy of your organization forbids this.',
      remedy: 'Ask whoever runs the subscription, with the words below.',
    };
  }
  if (has('AuthorizationFailed', 'LinkedAuthorizationFailed', 'AuthorizationPermissionMismatch')) {
    const action = /perform action '([^']+)'/u.exec(text)?.[1];
    return {
      tag: 'auth',
      message:
        action === undefined
          ? 'You may not do that here.'
          : `You may not do that here: the right ${action} is missing.`,
      remedy: codes.includes('AuthorizationPermissionMismatch')
        ? 'Ask the owner for the role Storage Blob Data Contributor on the storage account of the workspace.'
        : 'Ask the owner for the role AzureML Data Scientist on the workspace. A role that was just given takes some minutes.',
    };
  }
  if (has('SubscriptionNotFound')) {
    return {
      tag: 'notFound',
      message: 'The subscription does not exist, or your sign-in cannot see it.',
      remedy: ['Sign in to the tenant that it belongs to.', signIn ?? ''].join(' ').trim(),
    };
  }
  return null;
}

function signingIn(signIn: string | null): Pick<Judgement, 'remedy'> {
  return signIn === null ? {} : { remedy: signIn };
}

function judgeStatus({ status, method, path, signIn }: Refusal, codes: readonly string[], text: string): Judgement {
  switch (status) {
    case 401:
      return {
        tag: 'auth',
        message: 'Azure does not accept your sign-in any more.',
        ...signingIn(signIn),
      };
    case 403:
      return {
        tag: 'auth',
        message: 'You may not do that here.',
        remedy:
          'Ask the owner for the role AzureML Data Scientist on the workspace; behind a private network, connect to it first.',
      };
    case 404:
      return judgeMissing(method, path, codes, text);
    case 405:
    case 501:
      return { tag: 'unsupported', message: 'Azure does not do that here.' };
    case 408:
      return { tag: 'transient', message: 'Azure took too long to answer.' };
    case 409:
    case 412:
      return judgeConflict(codes, text);
    case 429:
      return { tag: 'rateLimited', message: 'Azure asks for fewer requests.' };
    default:
      break;
  }
  return status >= 500
    ? { tag: 'transient', message: `Azure could not answer (HTTP ${status}).` }
    : { tag: 'invalid', message: `Azure refuses the request: ${text.split('\n')[0]}` };
}

/** What went wrong before there was an answer. */
export function networkError(error: unknown, host: string): ProviderError {
  const raw = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME|ERR_TLS_/u.test(code)) {
    return new ProviderError('auth', `The certificate of ${host} is not one that this machine trusts.`, {
      raw,
      remedy:
        'Check that nothing stands between you and Azure; a proxy of your organization needs its certificate here.',
      cause: error,
    });
  }
  return new ProviderError('transient', `${host} cannot be reached.`, {
    raw,
    remedy: 'Check your network, VPN or proxy.',
    cause: error,
  });
}
