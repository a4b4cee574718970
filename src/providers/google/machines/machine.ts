import type { AcceleratorName } from '../../../core/accelerator.ts';

/**
 * One choice of custom training: a machine, or for TPUs a whole slice. Source: "Configure compute resources for serverless
 * training" of Vertex AI's documentation, and `AcceleratorType` of aiplatform v1.
 */
export interface Machine {
  readonly machineType: string;
  /** null: CPUs only. */
  readonly accelerator: AcceleratorName | null;
  /** Accelerators of one node; chips of a slice. 0 for CPUs only. */
  readonly count: number;
  /** vCPUs and GiB of memory; null where Google does not say. */
  readonly cpus: number | null;
  readonly memoryGib: number | null;
  /** `MachineSpec.accelerator_type`; null where the machine type says it all. */
  readonly acceleratorType: string | null;
  /** `MachineSpec.accelerator_count` where it is not `count`: TPU v2 and v3 are counted in cores. */
  readonly acceleratorCount?: number;
  /** `MachineSpec.tpu_topology`. */
  readonly topology?: string;
  /** Machines that a slice consists of. */
  readonly hosts?: number;
  readonly flexStart: boolean;
  /** Not to be had without a reservation. */
  readonly needsReservation?: boolean;
  /** Google gives it as spot or Flex-start only. */
  readonly needsCheapStart?: boolean;
  /** Its quota, after `custom_model_training_` and, for spot, `preemptible_`. */
  readonly quota: string;
}

/** How much of its quota a machine takes: accelerators or chips; cores of TPU v2 and v3; vCPUs where there is nothing else. */
export function quotaNeed({ accelerator, count, acceleratorCount, cpus }: Machine): number {
  return accelerator === null ? (cpus ?? 0) : (acceleratorCount ?? count);
}

export function isTpu({ accelerator }: Machine): boolean {
  return accelerator?.startsWith('TPU') === true;
}
