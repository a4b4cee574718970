import { GoogleApiError } from '../apiError.ts';
import type { CustomJob, CustomJobSpec } from './types.ts';

const ended = /SUCCEEDED|FAILED|CANCELLED|EXPIRED/u;

/** What a project may use at a time in a region, by metric; what has no limit here is never refused. */
export class Quotas {
  readonly #limits = new Map<string, number>();

  /** `custom_model_training_nvidia_h100_gpus`; null takes the limit away. */
  set(region: string, metric: string, limit: number | null): void {
    const key = `${region} ${metric}`;
    if (limit === null) {
      this.#limits.delete(key);
    } else {
      this.#limits.set(key, limit);
    }
  }

  get limits(): readonly { readonly region: string; readonly metric: string; readonly limit: number }[] {
    return [...this.#limits].map(([key, limit]) => {
      const [region = '', metric = ''] = key.split(' ');
      return { region, metric, limit };
    });
  }

  /** Throws RESOURCE_EXHAUSTED where the job would exceed a limit beside those that are there. */
  check(region: string, spec: CustomJobSpec, others: readonly CustomJob[]): void {
    const used = new Map<string, number>();
    for (const job of others) {
      if (!ended.test(job.state)) {
        add(used, job.jobSpec);
      }
    }
    const wanted = new Map<string, number>();
    add(wanted, spec);
    const exceeded = [...wanted].filter(([metric, amount]) => {
      const limit = this.#limits.get(`${region} ${metric}`);
      return limit !== undefined && amount + (used.get(metric) ?? 0) > limit;
    });
    if (exceeded.length > 0) {
      const names = exceeded.map(([metric]) => `aiplatform.googleapis.com/${metric}`);
      throw new GoogleApiError(
        'RESOURCE_EXHAUSTED',
        `The following quota metrics exceed quota limits: ${names.join(',')}`,
        {
          errorInfo: {
            reason: 'RESOURCE_QUOTA_EXCEEDED',
            domain: 'aiplatform.googleapis.com',
            metadata: { quota_metric: names.join(','), quota_location: region },
          },
        },
      );
    }
  }
}

function add(amounts: Map<string, number>, spec: CustomJobSpec): void {
  const spot = spec.scheduling?.strategy === 'SPOT' ? 'preemptible_' : '';
  for (const { machineSpec, replicaCount } of spec.workerPoolSpecs) {
    const replicas = Number(replicaCount);
    const { machineType = '', acceleratorType = '', acceleratorCount = 0 } = machineSpec ?? {};
    const metric = metricOf(acceleratorType, machineType, spot);
    const amount = replicas * (acceleratorCount > 0 ? acceleratorCount : Number(/-(\d+)/u.exec(machineType)?.[1] ?? 1));
    amounts.set(metric, (amounts.get(metric) ?? 0) + amount);
  }
}

function metricOf(acceleratorType: string, machineType: string, spot: string): string {
  if (acceleratorType.startsWith('NVIDIA_')) {
    const gpu = acceleratorType
      .replace(/^NVIDIA_(?:TESLA_)?/u, '')
      .replace(/_(?:80|141)GB$/u, (size) => (acceleratorType.includes('A100') ? size : ''))
      .toLowerCase();
    return `custom_model_training_${spot}nvidia_${gpu}_gpus`;
  }
  const tpu = /^(?:ct5lp|ct6e|tpu7x)/u.exec(machineType)?.[0];
  if (tpu !== undefined) {
    const names: Readonly<Record<string, string>> = { ct5lp: 'tpu_v5e', ct6e: 'tpu_v6e', tpu7x: 'tpu_7x' };
    return `custom_model_training_${spot}${names[tpu] ?? tpu}`;
  }
  return `custom_model_training_${spot}cpus`;
}
