import { ProviderError } from '../../../core/providerError.ts';
import { isTpu, type Machine } from '../machines/machine.ts';

/** The prebuilt containers are for x86 and were built before CUDA knew Blackwell. */
const withoutImage: Readonly<Record<string, string>> = {
  B200: 'CUDA 12.8 or newer',
  GB200: 'CUDA 12.8 or newer, for Arm (linux/arm64)',
  'RTX PRO 6000': 'CUDA 12.8 or newer',
};

/**
 * Used when a job names no image: prebuilt containers of Vertex AI with PyTorch, and for TPUs Python alone, since each generation
 * wants libraries of its own. Throws `invalid` where none of them would run.
 */
export function defaultImage(machine: Machine): string {
  const needs = withoutImage[machine.accelerator ?? ''];
  if (needs !== undefined) {
    throw new ProviderError('invalid', `Vertex AI has no prebuilt image that runs on ${machine.accelerator}.`, {
      field: 'image',
      remedy: `Name an image with ${needs}.`,
    });
  }
  return isTpu(machine)
    ? 'python:3.12'
    : `us-docker.pkg.dev/vertex-ai/training/pytorch-${machine.accelerator === null ? 'cpu' : 'gpu'}.2-4.py310:latest`;
}
