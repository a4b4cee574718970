import { describe, expect, it } from 'vitest';
import { ApiError, networkError, type Refusal } from '../../../../src/providers/azure/client/apiError.ts';

function refused(
  status: number,
  body: unknown,
  { signIn = null, path = '/a/things/x', method = 'GET' }: Partial<Refusal> = {},
): ApiError {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new ApiError({ method, path, status, body: text, retryAfterMs: null, signIn });
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
    [
      429,
      'TooManyRequests',
      'The quota of 25 requests a second is exceeded: the limit is per subscription.',
      'rateLimited',
    ],
    [429, 'QuotaExceeded', 'The core quota of the subscription is exceeded.', 'quota'],
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

  it('says what signs in anew', () => {
    expect(refused(401, '', { signIn: 'Run: az login' }).remedy).toBe('Run: az login');
    expect(refused(401, '').remedy).toBeUndefined();
    const elsewhere = { error: { code: 'InvalidAuthenticationTokenTenant', message: 'wrong issuer' } };
    expect(refused(401, elsewhere, { signIn: 'Run: az login --tenant t' }).remedy).toBe('Run: az login --tenant t');
    const unseen = { error: { code: 'SubscriptionNotFound', message: 'x' } };
    expect(refused(404, unseen, { signIn: 'Run: az login' }).remedy).toContain('Run: az login');
  });

  const workspace = '/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w';

  it.each([
    [workspace, 'ResourceNotFound', 'x', /^The workspace w does not exist any more, or/u],
    [
      `${workspace}/jobs/j`,
      'ResourceNotFound',
      "The Resource 'Microsoft.MachineLearningServices/workspaces/w' under resource group 'g' was not found.",
      /^The workspace w does not exist/u,
    ],
    [`${workspace}/jobs/j`, 'UserError', 'Job was not found.', /^The workspace has no job j/u],
    [`${workspace}/jobs/j/cancel`, 'UserError', 'x', /^The workspace has no job j/u],
    [`${workspace}/environments/e/versions/7`, 'UserError', 'x', /^The workspace has no environment e, version 7\.$/u],
    [`${workspace}/environments/e`, 'UserError', 'x', /^The workspace has no environment e\.$/u],
    [`${workspace}/computes/gpu`, 'ResourceNotFound', 'x', /^The workspace has no cluster gpu\.$/u],
    [`${workspace}/datastores/d/listSecrets`, 'UserError', 'x', /^The workspace has no datastore d/u],
    ['/aloft/pieces/x.gz', 'ContainerNotFound', 'x', /^The container of the workspace’s datastore/u],
    [`${workspace}/jobs/j`, 'ResourceGroupNotFound', 'x', /^The resource group/u],
    ['/a/b/c', '', '', /^Azure does not have b\/c\.$/u],
  ])('says what is missing: %s %s %s', (path, code, message, says) => {
    const error = refused(404, { error: { code, message } }, { path });
    expect(error.tag).toBe('notFound');
    expect(error.message).toMatch(says);
  });

  it('does not take what was to be made for what is missing', () => {
    const put = { path: `${workspace}/jobs/j`, method: 'PUT' };
    const error = (message: string): string => refused(404, { error: { code: 'UserError', message } }, put).message;
    expect(error('Compute gpu not found.')).toBe(
      'Something that this needs is not there: UserError: Compute gpu not found.',
    );
    expect(error("The Resource 'Microsoft.MachineLearningServices/workspaces/w' was not found.")).toMatch(
      /^The workspace w does not exist/u,
    );
  });

  it.each([
    [409, 'ResourceExists', 'x', /there under that name/u],
    [409, 'UserError', 'A version with this name already exists.', /there under that name/u],
    [409, 'ScopeLocked', "The scope '/x' cannot perform delete operation.", /A lock on the resource/u],
    [409, 'ContainerBeingDeleted', 'x', /being deleted/u],
    [409, 'ResourceGroupBeingDeleted', 'x', /being deleted/u],
    [412, 'LeaseIdMissing', 'x', /holds on to it/u],
    [409, 'BlobImmutableDueToPolicy', 'x', /holds on to it/u],
    [409, 'AnotherOperationInProgress', 'x', /at the same time/u],
    [412, 'ConditionNotMet', 'x', /at the same time/u],
    [409, 'UserError', 'Compute gpu is being resized.', /UserError: Compute gpu is being resized\./u],
    [409, '', '', /HTTP 409/u],
  ])('says what a conflict is about: %i %s %s', (status, code, message, says) => {
    const error = refused(status, code === '' ? '' : { error: { code, message } });
    expect(error.tag).toBe('conflict');
    expect(error.message).toMatch(says);
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
