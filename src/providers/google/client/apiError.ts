import { isProviderError, ProviderError, type ProviderErrorDetails } from '../../../core/providerError.ts';
import { type Answer, answerOf, type Code, type Judgement } from './answer.ts';
import { judgeQuota } from './quotaError.ts';
import { judgeDenial } from './denial.ts';

/** A ProviderError that knows which code the API answered with. */
export class ApiError extends ProviderError {
  /** null: there was no answer. */
  readonly code: Code | null;

  constructor(code: Code | null, { tag, message, ...details }: Judgement & ProviderErrorDetails) {
    super(tag, message, details);
    this.code = code;
  }
}

export function hasCode(error: unknown, ...codes: readonly Code[]): boolean {
  return error instanceof ApiError && codes.some((code) => code === error.code);
}

/** Any failure of a request as the contract wants it. `project` is named in remedies. */
export function apiError(error: unknown, project: string): ProviderError {
  if (isProviderError(error)) {
    return error;
  }
  const answer = answerOf(error);
  return new ApiError(answer.code, {
    ...judge(answer, project),
    raw: answer.message,
    cause: error,
    ...(answer.retryAfterMs === null ? {} : { retryAfterMs: answer.retryAfterMs }),
  });
}

function judge(answer: Answer, project: string): Judgement {
  const { code, message } = answer;
  if (/resources are insufficient in region|stockout|ZONE_RESOURCE_POOL_EXHAUSTED/iu.test(message)) {
    return {
      tag: 'capacity',
      message: 'Google Cloud has none of these machines left there now.',
      remedy: 'Try another region, another accelerator or Flex-start.',
    };
  }
  switch (code) {
    case 'UNAUTHENTICATED':
      return {
        tag: 'auth',
        message: 'Google Cloud does not accept your sign-in.',
        remedy: 'Run `gcloud auth application-default login`, then try again.',
      };
    case 'PERMISSION_DENIED':
      return judgeDenial(answer, project);
    case 'RESOURCE_EXHAUSTED':
      return judgeQuota(answer, project);
    case 'NOT_FOUND':
      return {
        tag: 'notFound',
        message: `Google Cloud does not have it: ${sentence(message)}`,
        ...(/bucket/iu.test(message)
          ? { remedy: 'Make that bucket again, or remove the connection and add it with another.' }
          : {}),
      };
    case 'ALREADY_EXISTS':
      return { tag: 'conflict', message: 'Something else is there under that name.' };
    case 'UNIMPLEMENTED':
      return { tag: 'unsupported', message: 'Google Cloud cannot do that there.' };
    case 'FAILED_PRECONDITION':
      return answer.status === 412
        ? { tag: 'conflict', message: 'It changed meanwhile, or somebody else made it.' }
        : { tag: 'invalid', message: `Google Cloud refuses the request: ${sentence(message)}` };
    case 'INVALID_ARGUMENT':
    case 'OUT_OF_RANGE':
      return { tag: 'invalid', message: `Google Cloud refuses the request: ${sentence(message)}` };
    case null:
      return {
        tag: 'transient',
        message: 'Google Cloud cannot be reached.',
        remedy: 'Check your network, VPN or proxy.',
      };
    case 'UNAVAILABLE':
      return /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|No connection established|Name resolution failed/u.test(
        message,
      )
        ? judge({ ...answer, code: null }, project)
        : { tag: 'transient', message: 'Google Cloud could not answer.' };
    case 'OK':
    case 'CANCELLED':
    case 'UNKNOWN':
    case 'DEADLINE_EXCEEDED':
    case 'ABORTED':
    case 'INTERNAL':
    case 'DATA_LOSS':
      return code === 'ABORTED' && answer.status === 409
        ? { tag: 'conflict', message: 'Something else is there under that name, or it changed meanwhile.' }
        : { tag: 'transient', message: 'Google Cloud could not answer.' };
  }
}

function sentence(text: string): string {
  return /[.!?]$/u.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}
