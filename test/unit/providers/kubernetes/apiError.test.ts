import { describe, expect, it } from 'vitest';
import { ApiError, networkError } from '../../../../src/providers/kubernetes/client/apiError.ts';
import { readExitCode } from '../../../../src/providers/kubernetes/client/exec.ts';
import { linesOf } from '../../../../src/providers/kubernetes/client/lines.ts';
import { gather } from '../../../conformance/harness.ts';

function refused(code: number, message: string, more: object = {}, retryAfter: number | null = null): ApiError {
  const body = JSON.stringify({ kind: 'Status', status: 'Failure', message, code, ...more });
  return new ApiError({ method: 'POST', path: '/apis/batch/v1/jobs', code, body, retryAfter });
}

describe('ApiError', () => {
  it.each([
    [401, 'Unauthorized', 'auth'],
    [
      403,
      'jobs.batch is forbidden: User "ada" cannot create resource "jobs" in API group "batch" in the namespace "lab"',
      'auth',
    ],
    [
      403,
      'jobs.batch "x" is forbidden: exceeded quota: rq, requested: count/jobs.batch=1, used: count/jobs.batch=1, limited: count/jobs.batch=1',
      'quota',
    ],
    [404, 'namespaces "x" not found', 'notFound'],
    [405, 'the server does not allow this method on the requested resource', 'unsupported'],
    [409, 'jobs.batch "x" already exists', 'conflict'],
    [410, 'too old resource version: 1 (394)', 'transient'],
    [413, 'etcdserver: request is too large', 'invalid'],
    [422, 'Job.batch "x" is invalid: spec.template: Invalid value', 'invalid'],
    [429, 'too many requests', 'rateLimited'],
    [
      500,
      'Get "https://n1:10250/containerLogs/lab/x/main": dial tcp 10.0.0.1:10250: connect: connection refused',
      'transient',
    ],
    [500, 'etcdserver: mvcc: database space exceeded', 'capacity'],
    [503, 'apiserver is shutting down', 'transient'],
    [504, 'Timeout: request did not complete within the allotted timeout', 'transient'],
  ])('%i %j is %s, with the words of the server', (code, message, tag) => {
    expect(refused(code, message)).toMatchObject({ tag, raw: message, code });
  });

  it('names the right that is missing', () => {
    const error = refused(
      403,
      'pods "x" is forbidden: User "ada" cannot create resource "pods/exec" in API group "" in the namespace "lab"',
    );
    expect(error.message).toBe('You may not create pods/exec here.');
  });

  it('knows how long to wait, from the header or the status', () => {
    expect(refused(429, 'x', {}, 3).retryAfterMs).toBe(3000);
    expect(refused(429, 'x', { details: { retryAfterSeconds: 7 } }).retryAfterMs).toBe(7000);
  });

  it('takes what is no Status as it is: a proxy has other words', () => {
    const page = '<html>Sign in to the network</html>';
    expect(new ApiError({ method: 'GET', path: '/', code: 502, body: page, retryAfter: null })).toMatchObject({
      tag: 'transient',
      raw: page,
    });
    expect(new ApiError({ method: 'GET', path: '/', code: 401, body: '', retryAfter: null })).toMatchObject({
      tag: 'auth',
      raw: 'HTTP 401',
    });
  });
});

describe('networkError', () => {
  it('tells a wrong certificate from a network that is away', () => {
    const expired = Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' });
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    expect(networkError(expired, 'https://a')).toMatchObject({ tag: 'auth', raw: 'certificate has expired' });
    expect(networkError(reset, 'https://a')).toMatchObject({ tag: 'transient', raw: 'read ECONNRESET' });
  });
});

describe('readExitCode', () => {
  it('reads success, an exit code and a failure to run', () => {
    expect(readExitCode('{"metadata":{},"status":"Success"}')).toBe(0);
    expect(
      readExitCode(
        '{"kind":"Status","status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"5"}]}}',
      ),
    ).toBe(5);
    expect(() =>
      readExitCode('{"kind":"Status","status":"Failure","message":"container not found (\\"main\\")"}'),
    ).toThrow('could not be run');
    expect(() => readExitCode('nonsense')).toThrow('could not be run');
  });
});

describe('linesOf', () => {
  it('puts lines together however they are cut, also within a character', async () => {
    const whole = Buffer.from('{"a":"ü"}\n\n{"b":1}\nno end');
    for (let size = 1; size < whole.length; size += 1) {
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
        whole.subarray(index * size, (index + 1) * size),
      );
      expect(await gather(linesOf(stream(chunks)))).toEqual(['{"a":"ü"}', '', '{"b":1}', 'no end']);
    }
  });
});

async function* stream(chunks: readonly Buffer[]): AsyncGenerator<Buffer, void> {
  yield* chunks;
}
