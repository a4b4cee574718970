import type { AcceleratorName } from './accelerator.ts';
import type { ConnectionId, EpochMs } from './job.ts';

/** What a person is looking for; an empty query means everything. */
export interface OfferQuery {
  readonly accelerator?: AcceleratorName;
  readonly region?: string;
}

/** Something a connection can give: an accelerator, how many per node, where and for how much. */
export interface Offer {
  readonly connectionId: ConnectionId;
  /** null: no accelerator, CPU only. */
  readonly accelerator: AcceleratorName | null;
  /** Accelerators per node, 0 for CPU only. */
  readonly count: number;
  /** Memory of one accelerator in GiB, as the device itself or the vendor says. */
  readonly memoryGib: number | null;
  /** Which part of the connection: a region of a cloud, a partition of a Slurm cluster. */
  readonly region: string | null;
  readonly priceUsdPerHour: number | null;
  readonly spotPriceUsdPerHour: number | null;
  /** Nodes like this that could start now; null when the backend does not say. */
  readonly freeNow: number | null;
  /** Accelerators of this kind that the region has, whoever uses them now; absent where the backend does not say. */
  readonly total?: number;
  /**
   * Accelerators of this kind in the whole connection, where its regions share machines, as partitions of Slurm do: what each region
   * has does not add up then. Absent where it does.
   */
  readonly overall?: { readonly free: number; readonly total: number };
  readonly likelihood: 'now' | 'wait' | 'unknown' | 'no';
  /** One honest word or two: "16 free now", "quota 32", "in use". */
  readonly note: string;
  readonly asOf: EpochMs;
}
