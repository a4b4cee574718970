import { ProviderError } from '../../../core/providerError.ts';
import { isTpu, type Machine } from '../machines/machine.ts';

/** The prebuilt containers are for x86 and were built before CUDA knew Blackwell. */
const withoutImage: Readonly<Record<string, string>> = {
  B200: 'CUDA 12.8 or newer',
  GB200: 'CUDA 12.8 or newer, for Arm (linux/arm64)',
  'RTX PRO 6000': 'CUDA 12.8 or newer',
};

/** For TPUs that Google's image with JAX and libtpu is not made for: it has neither. */
const bare = 'python:3.12';

/**
 * Used when a job names no image: prebuilt containers of Vertex AI with PyTorch, for TPUs Google's public "JAX AI image", which is made for
 * v5e and newer. Throws `invalid` where none of them would run.
 */
export function defaultImage(machine: Machine): string {
  const needs = withoutImage[machine.accelerator ?? ''];
  if (needs !== undefined) {
    throw new ProviderError('invalid', `Vertex AI has no prebuilt image that runs on ${machine.accelerator}.`, {
      field: 'image',
      remedy: `Name an image with ${needs}.`,
    });
  }
  if (isTpu(machine)) {
    return /^TPU v[23]$/u.test(machine.accelerator ?? '')
      ? bare
      : 'us-docker.pkg.dev/cloud-tpu-images/jax-ai-image/tpu:latest';
  }
  return `us-docker.pkg.dev/vertex-ai/training/pytorch-${machine.accelerator === null ? 'cpu' : 'gpu'}.2-4.py310:latest`;
}

/** What a job that gets that image should know, in a sentence. */
export function defaultImageNote(image: string): string {
  return image === bare
    ? `No image was chosen: ${image} is used, which has no JAX and no libtpu. Name an image, or install them in the set-up command, as with pip install "jax[tpu]".`
    : `No image was chosen: ${image} is used.`;
}
