import { type AcceleratorName, accelerators } from '../../core/accelerator.ts';
import listed from './sizes.json' with { type: 'json' };

/** A kind of virtual machine. */
export interface Size {
  /** Such as `Standard_NC24ads_A100_v4`. */
  readonly name: string;
  readonly gpus: number;
  readonly vCpus: number;
  /** In GB as Azure counts them (2^30). */
  readonly memoryGb: number;
  /** Whether there are spot (low-priority) ones; undefined: not known. */
  readonly hasSpot?: boolean | undefined;
}

/** Sizes that Azure ML trains on, for a workspace whose own list was not seen yet. As of 2026-08. */
export const usualSizes: readonly Size[] = listed;

/** What the names of Azure's GPU sizes say of the device in them. */
const devices: readonly (readonly [RegExp, string])[] = [
  [/_NC\d+as_T4_v3$/iu, 'T4'],
  // Smaller ones have a part of a card.
  [/_NV(?:36|72)adm?s_A10_v5$/iu, 'A10'],
  [/_NC\d+ads_A100_v4$/iu, 'A100-80GB'],
  [/_ND96asr(?:_A100)?_v4$/iu, 'A100-40GB'],
  [/_ND96amsr_A100_v4$/iu, 'A100-80GB'],
  [/_NC\d+adi?s_H100_v5$/iu, 'H100-NVL'],
  [/_ND96isr_H100_v5$/iu, 'H100'],
  [/_ND96isr_H200_v5$/iu, 'H200'],
  [/_ND96isr?_MI300X_v5$/iu, 'MI300X'],
  [/_ND128isr_(?:NDR_)?GB200_v6$/iu, 'GB200'],
  [/_ND128isr_(?:NDR_)?GB300_v6$/iu, 'GB300'],
  [/_RTXPRO6000BSE_v6$/iu, 'RTX PRO 6000'],
  [/_NC\d+r?s_v3$|_ND40rs_v2$/iu, 'V100'],
];

/** null for a size without one, or with one that is not told apart here. */
export function acceleratorOf({ name }: Pick<Size, 'name'>): AcceleratorName | null {
  const wanted = devices.find(([pattern]) => pattern.test(name))?.[1];
  return accelerators.find((known) => known.name === wanted)?.name ?? null;
}

export function memoryOf(accelerator: AcceleratorName): number | null {
  return accelerators.find(({ name }) => name === accelerator)?.memoryGib ?? null;
}
