import { describe, expect, it } from 'vitest';
import type { ConnectionId } from '../../../../src/core/job.ts';
import type { Cluster } from '../../../../src/providers/azure/offers/clusters.ts';
import { offersOf } from '../../../../src/providers/azure/offers/offers.ts';
import type { OfferedSize } from '../../../../src/providers/azure/offers/regionLists.ts';

const size = (name: string, vCpus: number, price: number): OfferedSize => ({
  name,
  gpus: 0,
  vCpus,
  memoryGb: vCpus * 4,
  family: '',
  hasSpot: true,
  price,
  spotPrice: price / 4,
});

const cluster: Cluster = {
  name: 'cpus',
  size: 'STANDARD_D16',
  isSpot: false,
  maxNodes: 4,
  nodes: 1,
  idle: 1,
  isResizing: false,
  errors: [],
};

describe('an offer without accelerators', () => {
  const offer = (usual: Cluster | null): unknown =>
    offersOf(
      {},
      {
        connectionId: 'vision' as ConnectionId,
        location: 'eastus',
        sizes: [size('Standard_D4', 4, 0.2), size('Standard_D16', 16, 0.8)],
        quotas: null,
        cluster: usual,
        asOf: 1,
      },
    )[0];

  it('is what the nodes of the usual cluster are, at their price', () => {
    expect(offer(cluster)).toMatchObject({
      accelerator: null,
      priceUsdPerHour: 0.8,
      spotPriceUsdPerHour: 0.2,
      note: '1 idle in cpus',
    });
  });

  it('has no price where Azure chooses the machine', () => {
    expect(offer(null)).toMatchObject({ accelerator: null, priceUsdPerHour: null, spotPriceUsdPerHour: null });
  });
});
