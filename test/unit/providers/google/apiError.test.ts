import { describe, expect, it } from 'vitest';
import { apiError } from '../../../../src/providers/google/client/apiError.ts';
import { signInError } from '../../../../src/providers/google/client/signInError.ts';

const grpcError = (code: number, message: string, more: object = {}): Error =>
  Object.assign(new Error(`${code} SOME_NAME: ${message}`), { code, details: message, ...more });

const quota = (metric: string): string =>
  `The following quota metrics exceed quota limits: aiplatform.googleapis.com/${metric}`;

describe('errors of Google Cloud', () => {
  it.each([
    [
      grpcError(8, quota('custom_model_training_nvidia_h100_gpus')),
      'quota',
      /no quota left .* nvidia h100 gpus/u,
      /iam-admin\/quotas/u,
    ],
    [
      grpcError(8, quota('custom_model_training_preemptible_nvidia_l4_gpus')),
      'quota',
      /no spot quota/u,
      /without spot/u,
    ],
    [
      grpcError(8, 'The following quotas are exceeded: CustomModelTrainingH100GPUsPerProjectPerRegion'),
      'quota',
      /no quota left there for custom training: h100 gpus\.$/u,
      /iam-admin\/quotas\?project=ada-lab,/u,
    ],
    [
      grpcError(8, 'The following quotas are exceeded: CustomModelTrainingPreemptibleL4GPUsPerProjectPerRegion'),
      'quota',
      /no spot quota .*: preemptible l4 gpus\.$/u,
      /without spot/u,
    ],
    [
      grpcError(8, `${quota('restricted_image_training_nvidia_a100_gpus')},`),
      'quota',
      /: nvidia a100 gpus\.$/u,
      /restricted_image_training_nvidia_a100_gpus/u,
    ],
    [
      grpcError(8, "Quota 'NVIDIA_H100_GPUS' exceeded. Limit: 0.0 in region us-central1."),
      'quota',
      /: nvidia h100 gpus\.$/u,
      /iam-admin\/quotas/u,
    ],
    [
      grpcError(
        8,
        'Quota failure for project ada-lab. The request for 2 T4 accelerators exceeds the allowed maximum of 0 T4.',
      ),
      'quota',
      /no quota left there for custom training\.$/u,
      /iam-admin\/quotas/u,
    ],
    [grpcError(8, 'Resource has been exhausted (e.g. check quota).'), 'rateLimited', /fewer requests/u, undefined],
    [
      grpcError(
        8,
        "Quota exceeded for quota metric 'Job or LRO submission requests' and limit 'Job or LRO submission requests per minute per region'",
        { reason: 'RATE_LIMIT_EXCEEDED' },
      ),
      'rateLimited',
      /fewer requests/u,
      undefined,
    ],
    [
      grpcError(8, 'The following quotas are exceeded: CustomModelTrainingJobSubmissionsPerMinutePerProject'),
      'rateLimited',
      /fewer requests/u,
      undefined,
    ],
    [
      grpcError(8, "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'"),
      'rateLimited',
      /fewer requests/u,
      undefined,
    ],
    [grpcError(8, 'busy', { reason: 'RATE_LIMIT_EXCEEDED' }), 'rateLimited', /fewer requests/u, undefined],
    [
      grpcError(9, 'Resources are insufficient in region: us-central1.'),
      'capacity',
      /none of these machines/u,
      /another region/u,
    ],
    [
      grpcError(7, "Permission 'aiplatform.customJobs.create' denied on resource 'x'"),
      'auth',
      /aiplatform\.customJobs\.create/u,
      /roles\/aiplatform\.user/u,
    ],
    [
      grpcError(7, 'Vertex AI API has not been used in project 1 before or it is disabled.', {
        reason: 'SERVICE_DISABLED',
        errorInfoMetadata: { service: 'aiplatform.googleapis.com' },
      }),
      'unsupported',
      /not enabled/u,
      /gcloud services enable aiplatform\.googleapis\.com --project ada-lab/u,
    ],
    [
      grpcError(7, 'You do not have permission to act as service account: a@b.iam.gserviceaccount.com.'),
      'auth',
      /a@b\.iam\.gserviceaccount\.com/u,
      /serviceAccountUser/u,
    ],
    [
      grpcError(16, 'Request had invalid authentication credentials.'),
      'auth',
      /sign-in/u,
      /application-default login/u,
    ],
    [grpcError(3, 'Machine type "x" is not supported.'), 'invalid', /Machine type "x" is not supported\.$/u, undefined],
    [
      grpcError(14, 'No connection established. Last error: connect ECONNREFUSED'),
      'transient',
      /cannot be reached/u,
      /network/u,
    ],
    [grpcError(4, 'Deadline exceeded'), 'transient', /could not answer/u, undefined],
    [grpcError(5, 'The CustomJob does not exist.'), 'notFound', /does not have it/u, undefined],
  ])('%o', (error, tag, message, remedy) => {
    const explained = apiError(error, 'ada-lab');
    expect(explained).toMatchObject({ tag, message: expect.stringMatching(message) });
    if (remedy === undefined) {
      expect(explained.remedy).toBeUndefined();
    } else {
      expect(explained.remedy).toMatch(remedy);
    }
    expect(explained.raw).not.toMatch(/SOME_NAME/u);
  });

  it('names the permission that is missing, and not an account', () => {
    const message =
      "trainer@ada-lab.iam.gserviceaccount.com does not have storage.objects.create access to the Google Cloud Storage object. Permission 'storage.objects.create' denied on resource (or it may not exist).";
    const error = Object.assign(new Error(message), { code: 403, errors: [{ reason: 'forbidden' }] });
    expect(apiError(error, 'ada-lab')).toMatchObject({
      tag: 'auth',
      message: 'You lack the permission storage.objects.create.',
      remedy: expect.stringContaining('roles/storage.objectAdmin'),
    });
    const gone = Object.assign(new Error('The specified bucket does not exist.'), { code: 404 });
    expect(apiError(gone, 'ada-lab')).toMatchObject({ tag: 'notFound', remedy: expect.stringContaining('bucket') });
  });

  it('reads bodies of REST, with what Google asks to wait', () => {
    const body = {
      error: {
        code: 429,
        status: 'RESOURCE_EXHAUSTED',
        message: 'Too many',
        details: [
          { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'RATE_LIMIT_EXCEEDED', metadata: {} },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' },
        ],
      },
    };
    const error = Object.assign(new Error('Request failed'), {
      response: { status: 429, data: JSON.stringify(body), headers: new Headers() },
    });
    expect(apiError(error, 'p')).toMatchObject({ tag: 'rateLimited', retryAfterMs: 7000, raw: 'Too many' });
  });

  it.each([
    [
      { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
      400,
      'auth',
      /expired or was revoked/u,
    ],
    [
      { error: 'invalid_grant', error_subtype: 'invalid_rapt', error_description: 'reauth related error' },
      400,
      'auth',
      /sign in .* again/u,
    ],
    [
      { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' },
      400,
      'auth',
      /key of the service account/u,
    ],
    [
      { error: { status: 'PERMISSION_DENIED', message: "Permission 'iam.serviceAccounts.getAccessToken' denied" } },
      403,
      'auth',
      /may not act as/u,
    ],
    ['<html>Bad gateway', 502, 'transient', /cannot be reached/u],
  ])('explains a token that was refused: %j', (data, status, tag, message) => {
    const error = Object.assign(new Error('Request failed'), { status, response: { status, data } });
    expect(signInError(error)).toMatchObject({
      tag,
      message: expect.stringMatching(message),
      remedy: expect.any(String),
    });
  });
});
