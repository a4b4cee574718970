import type { Answer, Judgement } from './answer.ts';
import { consoleUrl } from './denial.ts';

/**
 * Two things share `RESOURCE_EXHAUSTED`: too many requests in a minute, and a quota of machines, cores or accelerators that is
 * used up or zero. Only what is said tells them apart.
 */
export function judgeQuota({ reason, metadata, message }: Answer, project: string): Judgement {
  const metrics = quotaMetrics(`${message} ${metadata['quota_metric'] ?? ''}`);
  if (
    metrics.length === 0 ||
    reason === 'RATE_LIMIT_EXCEEDED' ||
    /per minute|per second|PerMinute|rate ?limit/iu.test(message)
  ) {
    return { tag: 'rateLimited', message: 'Google Cloud asks for fewer requests.' };
  }
  const isSpot = metrics.some((metric) => metric.includes('preemptible'));
  const what = metrics.map((metric) => metric.replace(/^custom_model_training_/u, '').replaceAll('_', ' ')).join(', ');
  return {
    tag: 'quota',
    message: `The project ${project} has no ${isSpot ? 'spot ' : ''}quota left there for custom training: ${what}.`,
    remedy: `${isSpot ? 'Spot has a quota of its own: submit without spot, ask' : 'Ask'} for more at ${quotaUrl(project, metrics)}, or try another region.`,
  };
}

/** Metrics of Vertex AI that a text names, without the service before them. */
export function quotaMetrics(text: string): readonly string[] {
  return [
    ...new Set(
      [...text.matchAll(/aiplatform\.googleapis\.com\/(custom_model_training_\w+)/gu)].flatMap(
        ([, metric]) => metric ?? [],
      ),
    ),
  ];
}

export function quotaUrl(project: string, metrics: readonly string[]): string {
  const url = consoleUrl('iam-admin/quotas', project);
  const [metric] = metrics;
  return metric === undefined ? url : `${url}&metric=${encodeURIComponent(`aiplatform.googleapis.com/${metric}`)}`;
}
