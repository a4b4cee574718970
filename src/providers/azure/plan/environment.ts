import { createHash } from 'node:crypto';

import { type AcceleratorName, accelerators } from '../../../core/accelerator.ts';
import type { JobSpec } from '../../../core/jobSpec.ts';
import type { PlanOptions } from './options.ts';

/** Microsoft's own, with PyTorch and what InfiniBand needs; and one without CUDA. */
const curated = {
  accelerator: 'azureml://registries/azureml/environments/acpt-pytorch-2.8-cuda12.6/labels/latest',
  cpu: 'azureml://registries/azureml/environments/sklearn-1.5/labels/latest',
} as const;

/**
 * Of the makers of the accelerators, with PyTorch, where Microsoft's own does not run: CUDA 12.6 knows nothing of AMD nor of Blackwell,
 * and the CPUs beside a GB200 are Arm, for which NVIDIA's image is made as well.
 */
const makers = {
  amd: { image: 'rocm/pytorch:latest', whose: 'AMD’s accelerators' },
  blackwell: { image: 'nvcr.io/nvidia/pytorch:25.06-py3', whose: 'this generation of accelerators' },
} as const;

/** Environments of images are versions of one, named by the image. */
const imageEnvironment = 'aloft-image';

/** What a job runs in. */
export interface PlannedEnvironment {
  /** As jobs name it. */
  readonly id: string;
  /** It is made of this image, where it is not there yet; null: it is there. */
  readonly image: string | null;
  readonly warnings: readonly string[];
}

/** The image that was chosen, else the environment, else one that runs on the machines: `device` is what is in them. */
export function environmentOf(
  workspace: string,
  { image }: Pick<JobSpec, 'image'>,
  { environment }: Pick<PlanOptions, 'environment'>,
  device: AcceleratorName | null,
): PlannedEnvironment {
  if (image !== null) {
    const warnings = environment === null ? [] : ['The image is used, not the environment that was chosen as well.'];
    return { ...ofImage(workspace, image), warnings };
  }
  if (environment !== null) {
    return named(workspace, environment);
  }
  const maker = makerOf(device);
  if (maker !== null) {
    const why = `Azure ML has no environment for ${maker.whose}`;
    return {
      ...ofImage(workspace, maker.image),
      warnings: [`No image was chosen: ${maker.image} is used, as ${why}.`],
    };
  }
  return {
    id: device === null ? curated.cpu : curated.accelerator,
    image: null,
    warnings: ['No image was chosen: a curated environment of Azure ML is used.'],
  };
}

function makerOf(device: AcceleratorName | null): (typeof makers)[keyof typeof makers] | null {
  const known = accelerators.find(({ name }) => name === device);
  return known?.vendor === 'AMD' ? makers.amd : /Blackwell/u.test(known?.architecture ?? '') ? makers.blackwell : null;
}

function ofImage(workspace: string, image: string): Pick<PlannedEnvironment, 'id' | 'image'> {
  const version = createHash('sha256').update(image).digest('hex').slice(0, 32);
  return { id: `${workspace}/environments/${imageEnvironment}/versions/${version}`, image };
}

function named(workspace: string, environment: string): PlannedEnvironment {
  if (environment.startsWith('azureml://')) {
    return { id: environment, image: null, warnings: [] };
  }
  const [name = '', version] = environment.split(':');
  return version === undefined
    ? {
        id: `${workspace}/environments/${name.replace(/@latest$/u, '')}/labels/latest`,
        image: null,
        warnings: ['Its newest version is asked for when the job is submitted.'],
      }
    : { id: `${workspace}/environments/${name}/versions/${version}`, image: null, warnings: [] };
}
