import { spotLabels } from './offers/deviceLabels.ts';
import type { OptionName } from './plan/options.ts';

/** In what one kind of Kubernetes differs from the others. */
export interface Flavour {
  readonly id: 'kubernetes' | 'coreweave';
  readonly label: string;
  readonly options: readonly OptionName[];
  /** Contexts of such clusters, by the host of the API server; they come first in lists. */
  readonly host: RegExp | null;
  /** What makes a job use the RDMA network of its nodes; null where that is no matter of the job's. */
  readonly rdma: { readonly resource: string; readonly env: Readonly<Record<string, string>> } | null;
  /** Labels of pods that may be interrupted. */
  readonly spotPodLabels: Readonly<Record<string, string>>;
  /** How nodes that may be taken back are marked where none has been seen; none where they bear no mark. */
  readonly spotNodes: readonly { readonly key: string; readonly value: string }[];
  /** USD an hour of a whole machine of that type; null where it is not known. */
  readonly price: (instanceType: string) => MachinePrice | null;
}

export interface MachinePrice {
  /** Accelerators of one machine. */
  readonly count: number;
  readonly usdPerHour: number | null;
  readonly spotUsdPerHour: number | null;
}

const common = [
  'queue',
  'controller',
  'priorityClass',
  'imagePullSecret',
  'nodeSelector',
  'sharedMemory',
  'serviceAccount',
  'security',
  'keepResults',
] as const satisfies readonly OptionName[];

export const anyKubernetes: Flavour = {
  id: 'kubernetes',
  label: 'Kubernetes',
  options: common,
  host: null,
  rdma: null,
  spotPodLabels: {},
  spotNodes: spotLabels,
  price: () => null,
};

export const coreWeaveOptions: readonly OptionName[] = [...common, 'rdma'];
