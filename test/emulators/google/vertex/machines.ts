import { GoogleApiError } from '../apiError.ts';
import type { MachineSpec } from './types.ts';

/** Which accelerators a machine type has, and how many: the page "Configure compute resources for serverless training". */
const fixed: readonly (readonly [RegExp, string, readonly number[]])[] = [
  [/^a4x-highgpu-4g$/u, 'NVIDIA_GB200', [4]],
  [/^a4-highgpu-8g$/u, 'NVIDIA_B200', [8]],
  [/^a3-ultragpu-8g$/u, 'NVIDIA_H200_141GB', [8]],
  [/^a3-megagpu-8g$/u, 'NVIDIA_H100_MEGA_80GB', [8]],
  [/^a3-highgpu-1g$/u, 'NVIDIA_H100_80GB', [1]],
  [/^a3-highgpu-2g$/u, 'NVIDIA_H100_80GB', [2]],
  [/^a3-highgpu-4g$/u, 'NVIDIA_H100_80GB', [4]],
  [/^a3-highgpu-8g$/u, 'NVIDIA_H100_80GB', [8]],
  [/^a2-ultragpu-1g$/u, 'NVIDIA_A100_80GB', [1]],
  [/^a2-ultragpu-2g$/u, 'NVIDIA_A100_80GB', [2]],
  [/^a2-ultragpu-4g$/u, 'NVIDIA_A100_80GB', [4]],
  [/^a2-ultragpu-8g$/u, 'NVIDIA_A100_80GB', [8]],
  [/^a2-highgpu-1g$/u, 'NVIDIA_TESLA_A100', [1]],
  [/^a2-highgpu-2g$/u, 'NVIDIA_TESLA_A100', [2]],
  [/^a2-highgpu-4g$/u, 'NVIDIA_TESLA_A100', [4]],
  [/^a2-highgpu-8g$/u, 'NVIDIA_TESLA_A100', [8]],
  [/^a2-megagpu-16g$/u, 'NVIDIA_TESLA_A100', [16]],
  [/^g2-standard-(?:4|8|12|16|32)$/u, 'NVIDIA_L4', [1]],
  [/^g2-standard-24$/u, 'NVIDIA_L4', [2]],
  [/^g2-standard-48$/u, 'NVIDIA_L4', [4]],
  [/^g2-standard-96$/u, 'NVIDIA_L4', [8]],
  [/^g4-standard-48$/u, 'NVIDIA_RTX_PRO_6000', [1]],
  [/^g4-standard-96$/u, 'NVIDIA_RTX_PRO_6000', [2]],
  [/^g4-standard-192$/u, 'NVIDIA_RTX_PRO_6000', [4]],
  [/^g4-standard-384$/u, 'NVIDIA_RTX_PRO_6000', [8]],
];

const attachable: Readonly<Record<string, readonly number[]>> = {
  NVIDIA_TESLA_T4: [1, 2, 4],
  NVIDIA_TESLA_V100: [1, 2, 4, 8],
  NVIDIA_TESLA_P4: [1, 2, 4],
  NVIDIA_TESLA_P100: [1, 2, 4],
};

const plain = /^(?:e2|n1|n2|n4|c2|m1)-[a-z]+-\d+$/u;
const tpuHost = /^(?:ct5lp-hightpu-[148]t|ct6e-standard-[148]t|tpu7x-standard-4t)$/u;

/** Throws INVALID_ARGUMENT for a machine that there is none of. */
export function checkMachine({ machineType, acceleratorType, acceleratorCount, tpuTopology }: MachineSpec): void {
  const hasAccelerator = acceleratorType !== '' && acceleratorType !== 'ACCELERATOR_TYPE_UNSPECIFIED';
  if (machineType === 'cloud-tpu') {
    if (!acceleratorType.startsWith('TPU_') || !(acceleratorCount === 8 || acceleratorCount % 32 === 0)) {
      throw unsupported(machineType, acceleratorType, acceleratorCount);
    }
    return;
  }
  if (tpuHost.test(machineType)) {
    if (!/^\d+x\d+(?:x\d+)?$/u.test(tpuTopology)) {
      throw new GoogleApiError('INVALID_ARGUMENT', `TPU topology must be specified for machine type "${machineType}".`);
    }
    if (hasAccelerator) {
      throw unsupported(machineType, acceleratorType, acceleratorCount);
    }
    return;
  }
  const [, type, counts] = fixed.find(([pattern]) => pattern.test(machineType)) ?? [];
  if (type !== undefined) {
    if (acceleratorType !== type || counts?.includes(acceleratorCount) !== true) {
      throw unsupported(machineType, acceleratorType, acceleratorCount);
    }
    return;
  }
  if (!plain.test(machineType)) {
    throw new GoogleApiError('INVALID_ARGUMENT', `Machine type "${machineType}" is not supported.`);
  }
  const isAttachable =
    machineType.startsWith('n1-') && attachable[acceleratorType]?.includes(acceleratorCount) === true;
  if (hasAccelerator && !isAttachable) {
    throw unsupported(machineType, acceleratorType, acceleratorCount);
  }
}

function unsupported(machineType: string, acceleratorType: string, count: number): GoogleApiError {
  return new GoogleApiError(
    'INVALID_ARGUMENT',
    `Machine type "${machineType}" does not support accelerator type "${acceleratorType}" with accelerator count ${count}.`,
  );
}
