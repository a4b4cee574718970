import type { AcceleratorName } from '../../../core/accelerator.ts';

/** One accelerator of this machine, as its vendor's tool describes it. */
export interface Device {
  readonly vendor: 'nvidia' | 'amd' | 'google';
  /** What the vendor's environment variable calls it: an index, or a UUID for a slice of a GPU. */
  readonly id: string;
  /** Another name it may go by in those variables. */
  readonly uuid: string | null;
  /** Canonical name, such as `H100`; the vendor's own where there is none. */
  readonly name: AcceleratorName;
  readonly memoryGib: number | null;
}
