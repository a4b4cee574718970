import { randomUUID } from 'node:crypto';

/** A refusal as Azure Resource Manager, or a provider behind it, sends it. */
export class ArmError extends Error {
  readonly status: number;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: object, headers: Readonly<Record<string, string>> = {}) {
    super(JSON.stringify(body));
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

export function refusal(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): ArmError {
  return new ArmError(status, { error: { code, message } }, headers);
}

/** As the service behind `Microsoft.MachineLearningServices` words what is wrong with a request. */
export function userError(message: string, innerCode = 'BadArgument', status = 400): ArmError {
  const info = (type: string, value: unknown): object => ({ type, info: { value } });
  return new ArmError(status, {
    error: {
      code: 'UserError',
      message,
      details: [],
      additionalInfo: [
        info('ComponentName', 'managementfrontend'),
        info('Correlation', { operation: randomUUID().replaceAll('-', ''), request: randomUUID().slice(0, 16) }),
        info('Environment', 'eastus'),
        info('Location', 'eastus'),
        info('Time', new Date().toISOString()),
        info('InnerError', { code: innerCode, innerError: null }),
      ],
    },
  });
}

export function resourceNotFound(type: string, name: string, group: string): ArmError {
  return refusal(
    404,
    'ResourceNotFound',
    `The Resource '${type}/${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

/** 429 as Resource Manager sends it when a subscription's allowance is used up. */
export function tooManyRequests(retryAfterSeconds: number): ArmError {
  return refusal(
    429,
    'SubscriptionRequestsThrottled',
    `Number of requests for the subscription exceeded its limit. Please try again after '${retryAfterSeconds}' seconds.`,
    { 'retry-after': String(retryAfterSeconds), 'x-ms-ratelimit-remaining-subscription-reads': '0' },
  );
}

export function expiredToken(expiresAt: number, now: number, authorityHost: string, tenant: string): ArmError {
  return unauthorized(
    'ExpiredAuthenticationToken',
    `The access token expiry UTC time '${new Date(expiresAt).toISOString()}' is earlier than current UTC time '${new Date(now).toISOString()}'.`,
    authorityHost,
    tenant,
  );
}

export function unauthorized(code: string, message: string, authorityHost: string, tenant: string): ArmError {
  return refusal(401, code, message, {
    'www-authenticate': `Bearer authorization_uri="${authorityHost}/${tenant}", error="invalid_token", error_description="${message}"`,
  });
}
