import type { AcceleratorName } from '../../../core/accelerator.ts';

/** Chips of a TPU slice, by its topology: `2x4` has 8. */
export function chipsOf(topology: string): number {
  return topology.split('x').reduce((chips, side) => chips * Number(side), 1);
}

/** Slices as GKE offers them, see https://cloud.google.com/kubernetes-engine/docs/concepts/plan-tpus. */
const flat = ['1x1', '2x2', '2x4', '4x4', '4x8', '8x8', '8x16', '16x16'];
const cubic = ['2x2x1', '2x2x2', '2x2x4', '2x4x4', '4x4x4', '4x4x8', '4x8x8', '8x8x8', '8x8x16', '8x16x16'];
const flatGenerations = new Set(['TPU v2', 'TPU v3', 'TPU v5e', 'TPU v6e']);

/** The topology of a slice with so many chips: one that the cluster has, else the usual one; null when no slice has so many. */
export function usualTopology(name: AcceleratorName, chips: number, seen: readonly string[]): string | null {
  const usual = flatGenerations.has(name) ? flat : cubic;
  return [...seen, ...usual].find((topology) => chipsOf(topology) === chips) ?? null;
}
