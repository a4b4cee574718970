import type { JobSpec } from '../../../core/jobSpec.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { acceleratorOf, type Size } from '../sizes.ts';

/** Whether it has the accelerators that are wanted, or none where none are. */
export function isOfKind({ accelerator }: Pick<JobSpec, 'accelerator'>, size: Size): boolean {
  return accelerator === null
    ? size.gpus === 0
    : acceleratorOf(size) === accelerator.name && size.gpus === accelerator.count;
}

/** Whether it has the CPUs and the memory that are wanted. */
export function hasRoom({ cpus, memoryBytes }: Pick<JobSpec, 'cpus' | 'memoryBytes'>, size: Size): boolean {
  return size.vCpus >= (cpus ?? 0) && size.memoryGb * 1024 ** 3 >= (memoryBytes ?? 0);
}

/** `whose`: such as "A node of the cluster a100". */
export function tooSmall({ cpus }: JobSpec, size: Size, whose: string, remedy: string): ProviderError {
  return new ProviderError(
    'unsupported',
    `${whose} (${size.name}) has ${size.vCpus} vCPUs and ${size.memoryGb} GB, which is less than the job asks for.`,
    { field: size.vCpus < (cpus ?? 0) ? 'cpus' : 'memory', remedy },
  );
}
