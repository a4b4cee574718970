export interface VmSize {
  readonly name: string;
  readonly family: string;
  readonly vCPUs: number;
  readonly gpus: number;
  readonly memoryGB: number;
  /** US dollars an hour. */
  readonly price: number;
  readonly spotPrice: number | null;
}

const size = (
  name: string,
  family: string,
  vCPUs: number,
  gpus: number,
  memoryGB: number,
  price: number,
  spotPrice: number | null,
): VmSize => ({ name, family, vCPUs, gpus, memoryGB, price, spotPrice });

/** Some of the machines of `eastus`, with their list prices. */
const sizes: readonly VmSize[] = [
  size('Standard_DS3_v2', 'standardDSv2Family', 4, 0, 14, 0.229, 0.046),
  size('Standard_E4s_v3', 'standardESv3Family', 4, 0, 32, 0.252, 0.05),
  size('Standard_D16s_v3', 'standardDSv3Family', 16, 0, 64, 0.768, 0.154),
  size('Standard_NC4as_T4_v3', 'Standard NCASv3_T4 Family', 4, 1, 28, 0.526, 0.105),
  size('Standard_NV36ads_A10_v5', 'StandardNVADSA10v5Family', 36, 1, 440, 3.2, 0.64),
  size('Standard_NC24ads_A100_v4', 'StandardNCADSA100v4Family', 24, 1, 220, 3.673, 0.735),
  size('Standard_NC96ads_A100_v4', 'StandardNCADSA100v4Family', 96, 4, 880, 14.692, 2.938),
  size('Standard_ND96asr_v4', 'standardNDASv4_A100Family', 96, 8, 900, 27.197, 5.439),
  size('Standard_ND96amsr_A100_v4', 'standardNDAMSv4_A100Family', 96, 8, 1900, 32.77, 6.554),
  size('Standard_NC40ads_H100_v5', 'standardNCadsH100v5Family', 40, 1, 320, 6.98, 1.396),
  size('Standard_NC80adis_H100_v5', 'standardNCadsH100v5Family', 80, 2, 640, 13.96, 2.792),
  size('Standard_ND96isr_H100_v5', 'standardNDSH100v5Family', 96, 8, 1900, 98.32, 19.664),
  size('Standard_ND96isr_H200_v5', 'standardNDISRH200V5Family', 96, 8, 1850, 110.24, null),
  size('Standard_ND96isr_MI300X_v5', 'standardNDISv5MI300XFamily', 96, 8, 1850, 62.4, null),
];

/** Cores of the spot pool, which all families share. */
export const spotPool = 'Low-priority';

/** What the region has, and how much of it this subscription may use. */
export class Catalog {
  readonly sizes = sizes;
  /** Cores by family; the rest have `fallback`. */
  readonly #limits = new Map<string, number>();
  readonly #used = new Map<string, number>();
  fallback = 200;

  setLimit(family: string, cores: number): void {
    this.#limits.set(family, cores);
  }

  setUsed(family: string, cores: number): void {
    this.#used.set(family, cores);
  }

  limit(family: string): number {
    return this.#limits.get(family) ?? this.fallback;
  }

  used(family: string): number {
    return this.#used.get(family) ?? 0;
  }

  size(name: string): VmSize | undefined {
    return this.sizes.find((one) => one.name.toLowerCase() === name.toLowerCase());
  }

  get families(): readonly string[] {
    return [...new Set(this.sizes.map(({ family }) => family))];
  }
}

/** Curated environments of the registry `azureml`. */
export const curated: Readonly<Record<string, readonly string[]>> = {
  'acpt-pytorch-2.2-cuda12.1': ['37', '38', '39'],
  'acpt-pytorch-2.8-cuda12.6': ['4', '5', '6'],
  'minimal-py312-inference': ['3', '4'],
  'sklearn-1.5': ['29', '30', '31'],
  'tensorflow-2.16-cuda12': ['9', '10', '11'],
};
