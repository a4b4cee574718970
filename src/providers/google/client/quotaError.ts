import type { Answer, Judgement } from './answer.ts';
import { consoleUrl } from './denial.ts';

/**
 * Two things share `RESOURCE_EXHAUSTED`: too many requests in a minute, and a quota of machines, cores or accelerators that is
 * used up or zero. Only what is said tells them apart.
 */
export function judgeQuota({ reason, metadata, message }: Answer, project: string): Judgement {
  const missing = missingQuota(
    `${message} ${metadata['quota_metric'] ?? ''} ${metadata['quota_limit'] ?? ''}`,
    project,
  );
  if (missing === null || reason === 'RATE_LIMIT_EXCEEDED') {
    return { tag: 'rateLimited', message: 'Google Cloud asks for fewer requests.' };
  }
  const { isSpot, names, url } = missing;
  const what = names.length === 0 ? '' : `: ${names.join(', ')}`;
  return {
    tag: 'quota',
    message: `The project ${project} has no ${isSpot ? 'spot ' : ''}quota left there for custom training${what}.`,
    remedy: `${isSpot ? 'Spot has a quota of its own: submit without spot, ask' : 'Ask'} for more at ${url}, or try another region.`,
  };
}

interface MissingQuota {
  /** In small letters: "nvidia h100 gpus". Empty where the text names none. */
  readonly names: readonly string[];
  readonly isSpot: boolean;
  /** Where more can be asked for. */
  readonly url: string;
}

/** `aiplatform.googleapis.com/custom_model_training_nvidia_h100_gpus`, `restricted_image_training_cpus`. */
const metricPattern = /(?:custom_model|restricted_image)_training_\w+/gu;
/** `CustomModelTrainingPreemptibleH100GPUsPerProjectPerRegion`. */
const limitPattern = /(?:CustomModel|RestrictedImage)Training\w+/gu;
/** `Quota 'NVIDIA_H100_GPUS' exceeded.`, as Compute Engine says it. */
const computePattern = /quota '(\w+)' exceeded/giu;
const isOfRequests = /(?:per|\/) ?(?:minute|second|hour|day)|Per(?:Minute|Second|Hour|Day)|rate ?limit|\brequests\b/iu;
const isMissing = /quotas?\b.*exceed|exceed.*\bquotas?\b|quota failure|(?:no|insufficient) quota|out of quota/isu;

/**
 * What of a quota of machines a text says that it is missing; null where it says no such thing. Google says it in several ways, and none
 * is written down, so anything counts that speaks of a quota and not of requests.
 */
export function missingQuota(text: string, project: string): MissingQuota | null {
  const metrics = text.match(metricPattern) ?? [];
  const limits = text.match(limitPattern) ?? [];
  const compute = [...text.matchAll(computePattern)].flatMap(([, name]) => name ?? []);
  const isNamed = metrics.length > 0 || limits.length > 0;
  if (isOfRequests.test(text) || !(isNamed || isMissing.test(text))) {
    return null;
  }
  const [metric] = metrics;
  const url = consoleUrl('iam-admin/quotas', project);
  return {
    names: [...new Set([...metrics, ...limits, ...compute].map(words))],
    isSpot: /preemptible/iu.test(text),
    url: metric === undefined ? url : `${url}&metric=${encodeURIComponent(`aiplatform.googleapis.com/${metric}`)}`,
  };
}

function words(name: string): string {
  return name
    .replace(/^(?:(?:custom_model|restricted_image)_training_|(?:CustomModel|RestrictedImage)Training)/u, '')
    .replace(/Per(?:Project|Region)\w*$/u, '')
    .replaceAll(/(?<=[a-z\d])(?=[A-Z])/gu, ' ')
    .replaceAll('_', ' ')
    .toLowerCase();
}
