import { describe, expect, it } from 'vitest';
import { ApiError, networkError } from '../../../../src/providers/azure/client/apiError.ts';

function refused(status: number, body: unknown, tenant?: string): ApiError {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new ApiError({ method: 'PUT', path: '/a/jobs/j', status, body: text, retryAfterMs: null, tenant });
}

describe('what Azure refuses', () => {
  it.each([
    [
      400,
      'UserError',
      'The specified subscription has a Standard NCADSA100v4 Family vCPU quota of 24 and is less than the requested 96.',
      'quota',
    ],
    [400, 'JobNodeCountExceedsCoreQuota', 'The requested number of nodes exceeds the core quota.', 'quota'],
    [
      400,
      'BadRequest',
      'The subscription has a total vCPU quota of 100 and cannot accomodate for at least 1 requested managed compute node.',
      'quota',
    ],
    [
      409,
      'AllocationFailed',
      'Allocation failed. We do not have sufficient capacity for the requested VM size in this region.',
      'capacity',
    ],
    [
      409,
      'SkuNotAvailable',
      'The requested size for resource is currently not available in location eastus.',
      'capacity',
    ],
    [429, 'TooManyRequests', 'The request was throttled.', 'rateLimited'],
    [503, 'ServiceUnavailable', 'The service is busy.', 'transient'],
    [404, 'ResourceNotFound', 'No such job.', 'notFound'],
    [409, 'Conflict', 'Another operation is in progress.', 'conflict'],
    [400, 'ValidationError', 'The field command is empty.', 'invalid'],
    [409, 'MissingSubscriptionRegistration', 'The subscription is not registered to use namespace.', 'auth'],
    [403, 'AuthorizationFailed', 'no', 'auth'],
  ])('%i %s is told as what it is', (status, code, message, tag) => {
    const error = refused(status, { error: { code, message } });
    expect(error.tag).toBe(tag);
    expect(error.raw).toBe(`${code}: ${message}`);
    expect(error.code).toBe(code);
  });

  it('names the right that is missing and the role that has it', () => {
    const error = refused(403, {
      error: {
        code: 'AuthorizationFailed',
        message:
          "The client 'ada@lab.example' with object id 'x' does not have authorization to perform action 'Microsoft.MachineLearningServices/workspaces/jobs/write' over scope '/subscriptions/s'.",
      },
    });
    expect(error.message).toContain('Microsoft.MachineLearningServices/workspaces/jobs/write');
    expect(error.remedy).toContain('AzureML Data Scientist');
  });

  it('names the exact command that signs in', () => {
    expect(refused(401, '', 'lab.example').remedy).toBe('Run: az login --tenant lab.example');
    expect(refused(401, '').remedy).toBe('Run: az login');
  });

  it('reads what is hidden in the details, without saying it twice', () => {
    const error = refused(400, {
      error: {
        code: 'UserError',
        message: 'It failed.',
        details: [
          { code: 'UserError', message: 'It failed.' },
          { code: 'JobNodeCountExceedsCoreQuota', message: 'Too many nodes for the quota.' },
        ],
      },
    });
    expect(error.tag).toBe('quota');
    expect(error.raw).toBe('UserError: It failed.\nJobNodeCountExceedsCoreQuota: Too many nodes for the quota.');
  });

  it.each(['<html>bad gateway</html>', '', '{"error":"no object"}', '[1]', 'null'])('survives %s as a body', (body) => {
    const error = refused(502, body);
    expect(error.tag).toBe('transient');
    expect(error.raw).not.toBe('');
  });
});

describe('no answer', () => {
  it('is worth another try, unless the certificate is wrong', () => {
    const refusedConnection = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(networkError(refusedConnection, 'h').tag).toBe('transient');
    const certificate = Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(networkError(certificate, 'h').tag).toBe('auth');
  });
});
