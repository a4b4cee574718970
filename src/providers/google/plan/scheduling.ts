import { formatAccelerator } from '../../../core/accelerator.ts';
import type { JobSpec } from '../../../core/jobSpec.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { Machine } from '../machines/machine.ts';
import type { PlanOptions } from './options.ts';
import type { CustomJobRequest } from './request.ts';

/** Flex-start runs no longer, in ms: "Schedule training jobs based on resource availability" of Vertex AI's documentation. */
const longestFlexStart = 7 * 86_400_000;

type Scheduling = CustomJobRequest['jobSpec']['scheduling'];

/** When the machines are given, how long they are waited for and used, and what happens when one fails. */
export function schedulingOf(spec: JobSpec, machine: Machine, options: PlanOptions): Scheduling {
  const { durationMs, waitMs } = spec.limits;
  refuseImpossible(spec, machine, options);
  // Vertex AI takes 0 for no limit, and 24 hours where nothing is said.
  const maxWaitMs = options.flexStart ? (options.maxWaitMs ?? (waitMs === 'never' ? 0 : waitMs)) : null;
  return {
    strategy: options.flexStart ? 'FLEX_START' : spec.spot ? 'SPOT' : 'STANDARD',
    ...(durationMs === null ? {} : { timeout: seconds(durationMs) }),
    ...(maxWaitMs === null ? {} : { maxWaitDuration: seconds(maxWaitMs) }),
    ...(options.restart === null ? {} : { [options.restart]: true }),
  };
}

function refuseImpossible(spec: JobSpec, machine: Machine, { flexStart, maxWaitMs }: PlanOptions): void {
  if (spec.spot && flexStart) {
    throw new ProviderError('invalid', 'A job is spot or Flex-start, not both.', {
      field: 'options.scheduling',
      remedy: 'Take one of them out.',
    });
  }
  if (spec.spot && (machine.hosts ?? 1) > 1) {
    throw new ProviderError('unsupported', 'Google Cloud gives no spot TPU slices of several machines.', {
      field: 'spot',
      remedy: 'Take spot out, or ask for a slice of one machine.',
    });
  }
  if (flexStart && spec.accelerator !== null && !machine.flexStart) {
    throw new ProviderError(
      'unsupported',
      `Google Cloud has no Flex-start for ${formatAccelerator(spec.accelerator)}.`,
      {
        field: 'options.scheduling',
        remedy: 'There is Flex-start for L4, A100, H100, H200 and B200; leave it empty for others.',
      },
    );
  }
  if (flexStart && (spec.limits.durationMs ?? 0) > longestFlexStart) {
    throw new ProviderError('unsupported', 'A Flex-start job runs for at most 7 days.', {
      field: 'limits.duration',
      remedy: 'Limit it to 7d, or submit without Flex-start.',
    });
  }
  if (!flexStart && maxWaitMs !== null) {
    throw new ProviderError('invalid', 'Only Flex-start has a wait limit of its own.', {
      field: 'options.maxWait',
      remedy: 'Set limits.wait instead, or choose FLEX_START as scheduling.',
    });
  }
}

function seconds(ms: number): { seconds: number } {
  return { seconds: Math.ceil(ms / 1000) };
}
