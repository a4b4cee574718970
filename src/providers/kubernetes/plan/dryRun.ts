import type { DryRun, Plan } from '../../../core/provider.ts';
import type { KubeApi } from '../client/api.ts';
import { ApiError } from '../client/apiError.ts';
import { collection } from '../paths.ts';
import { readRequest, resourceOf } from '../submit.ts';

/** Answers that say something about the request and not about who asks or when. */
function isVerdict(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code < 500 && error.code !== 401 && error.code !== 429;
}

/** Has the cluster go through everything that it does with a Job but keep it. */
export async function dryRun(api: KubeApi, plan: Plan, signal: AbortSignal): Promise<DryRun> {
  const { job, namespace } = readRequest(plan.request);
  try {
    const path = collection(resourceOf(job.kind), namespace);
    const answer = await api.json('POST', path, { query: { dryRun: 'All' }, body: job }, signal);
    return {
      accepted: true,
      explanation: 'The cluster would take this job',
      expectedStartAt: null,
      raw: JSON.stringify(answer, null, 2),
    };
  } catch (error) {
    if (!isVerdict(error)) {
      throw error;
    }
    const [sentence = ''] = error.message.split('\n');
    const explanation = sentence.slice(0, 250).trim().replace(/\.$/u, '');
    return { accepted: false, explanation, expectedStartAt: null, raw: error.raw ?? '' };
  }
}
