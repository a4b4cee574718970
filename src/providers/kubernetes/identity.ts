import * as z from 'zod/mini';
import type { Identity } from '../../core/provider.ts';
import type { KubeApi } from './client/api.ts';
import { hasStatus } from './client/apiError.ts';

const reviewSchema = z.object({ status: z.object({ userInfo: z.object({ username: z.string() }) }) });

/** Who the cluster takes us for; clusters before 1.28 do not say, and then it is the kubeconfig's own name for it. */
export async function whoAmI(api: KubeApi, fallback: string, signal: AbortSignal): Promise<Identity> {
  let account = fallback;
  try {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const answer = await api.json('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body }, signal);
    account = z.parse(reviewSchema, answer).status.userInfo.username;
  } catch (error) {
    if (!hasStatus(error, 403, 404)) {
      throw error;
    }
  }
  const { signInEndsAt } = await api.credentials(signal);
  return { account, expiresAt: signInEndsAt };
}
