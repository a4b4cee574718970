/** The codes of `google.rpc.Code` that are used here, and the HTTP status that goes with each. */
const codes = {
  CANCELLED: [1, 499],
  UNKNOWN: [2, 500],
  INVALID_ARGUMENT: [3, 400],
  DEADLINE_EXCEEDED: [4, 504],
  NOT_FOUND: [5, 404],
  ALREADY_EXISTS: [6, 409],
  PERMISSION_DENIED: [7, 403],
  RESOURCE_EXHAUSTED: [8, 429],
  FAILED_PRECONDITION: [9, 400],
  ABORTED: [10, 409],
  OUT_OF_RANGE: [11, 400],
  UNIMPLEMENTED: [12, 501],
  INTERNAL: [13, 500],
  UNAVAILABLE: [14, 503],
  UNAUTHENTICATED: [16, 401],
} as const;

export type CodeName = keyof typeof codes;

/** What comes with an error, as messages of `google.rpc`. */
export interface ErrorDetails {
  readonly errorInfo?: {
    readonly reason: string;
    readonly domain: string;
    readonly metadata: Readonly<Record<string, string>>;
  };
  readonly help?: { readonly description: string; readonly url: string };
  readonly retryDelayMs?: number;
}

/** How a Google API refuses, over gRPC or as JSON. */
export class GoogleApiError extends Error {
  readonly code: CodeName;
  readonly details: ErrorDetails;

  constructor(code: CodeName, message: string, details: ErrorDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }

  get grpcCode(): number {
    return codes[this.code][0];
  }

  get httpStatus(): number {
    return codes[this.code][1];
  }

  /** The body of a REST answer. */
  get body(): object {
    const { errorInfo, help, retryDelayMs } = this.details;
    const type = (name: string): object => ({ '@type': `type.googleapis.com/google.rpc.${name}` });
    const details = [
      ...(errorInfo === undefined ? [] : [{ ...type('ErrorInfo'), ...errorInfo }]),
      ...(help === undefined ? [] : [{ ...type('Help'), links: [help] }]),
      ...(retryDelayMs === undefined ? [] : [{ ...type('RetryInfo'), retryDelay: `${retryDelayMs / 1000}s` }]),
    ];
    return {
      error: {
        code: this.httpStatus,
        message: this.message,
        status: this.code,
        ...(details.length === 0 ? {} : { details }),
      },
    };
  }
}

/** A token that is none, or has ended. */
export function unauthenticated(service: string, isExpired: boolean): GoogleApiError {
  return new GoogleApiError(
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
    {
      errorInfo: {
        reason: isExpired ? 'ACCESS_TOKEN_EXPIRED' : 'ACCESS_TOKEN_TYPE_UNSUPPORTED',
        domain: 'googleapis.com',
        metadata: { service },
      },
    },
  );
}

export function permissionDenied(permission: string, resource: string): GoogleApiError {
  return new GoogleApiError(
    'PERMISSION_DENIED',
    `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`,
    {
      errorInfo: {
        reason: 'IAM_PERMISSION_DENIED',
        domain: 'aiplatform.googleapis.com',
        metadata: { permission, resource },
      },
    },
  );
}

const titles: Readonly<Record<string, string>> = {
  'aiplatform.googleapis.com': 'Vertex AI API',
  'logging.googleapis.com': 'Cloud Logging API',
};

export function apiDisabled(service: string, projectNumber: string): GoogleApiError {
  const title = titles[service] ?? service;
  const url = `https://console.developers.google.com/apis/api/${service}/overview?project=${projectNumber}`;
  return new GoogleApiError(
    'PERMISSION_DENIED',
    `${title} has not been used in project ${projectNumber} before or it is disabled. Enable it by visiting ${url} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.`,
    {
      errorInfo: {
        reason: 'SERVICE_DISABLED',
        domain: 'googleapis.com',
        metadata: { service, consumer: `projects/${projectNumber}`, serviceTitle: title, activationUrl: url },
      },
      help: { description: 'Google developers console API activation', url },
    },
  );
}

/** Too many requests in a minute. */
export function rateLimited(service: string, metric: string, limit: string, projectNumber: string): GoogleApiError {
  return new GoogleApiError(
    'RESOURCE_EXHAUSTED',
    `Quota exceeded for quota metric '${metric}' and limit '${limit}' of service '${service}' for consumer 'project_number:${projectNumber}'.`,
    {
      errorInfo: {
        reason: 'RATE_LIMIT_EXCEEDED',
        domain: 'googleapis.com',
        metadata: { service, consumer: `projects/${projectNumber}`, quota_limit: limit.replaceAll(' ', '') },
      },
    },
  );
}
