import { describe, expect, it } from 'vitest';
import type { AcceleratorName } from '../../../../src/core/accelerator.ts';
import { accelerators } from '../../../../src/core/accelerator.ts';
import type { ConnectionId } from '../../../../src/core/job.ts';
import type { Offer, OfferQuery } from '../../../../src/core/offer.ts';
import { machines } from '../../../../src/providers/google/machines/choose.ts';
import { offersOf } from '../../../../src/providers/google/offers/offers.ts';
import type { Quotas } from '../../../../src/providers/google/offers/quota.ts';

const connectionId = 'google-1' as ConnectionId;
const offers = (query: OfferQuery, regions: readonly string[], quotas: Quotas | null = null): readonly Offer[] =>
  offersOf(query, { connectionId, regions, quotas, prices: null, asOf: 7 });
const named = (name: string): AcceleratorName => name as AcceleratorName;
const limited = (limits: Readonly<Record<string, number>>): Quotas => ({
  limit: (region, quota, spot) => limits[`${region} ${spot ? 'spot ' : ''}${quota}`],
});

describe('offers of Google Cloud', () => {
  it('speak of accelerators that Aloft knows', () => {
    const known = new Set(accelerators.map(({ name }) => name));
    expect(machines.flatMap(({ accelerator }) => accelerator ?? []).filter((name) => !known.has(name))).toEqual([]);
  });

  it('have each accelerator and count once per region, with price, date and where it is', () => {
    const all = offers({}, ['us-central1', 'europe-west4']);
    const keys = all.map(({ accelerator, count, region }) => `${accelerator} ${count} ${region}`);
    expect(keys).toEqual([...new Set(keys)]);
    expect(all.find(({ accelerator, region }) => accelerator === 'H100' && region === 'us-central1')).toMatchObject({
      count: 1,
      memoryGib: 80,
      priceUsdPerHour: 11.0613,
      freeNow: null,
      likelihood: 'unknown',
      note: expect.stringContaining('VM price of'),
    });
    expect(offers({ accelerator: named('TPU v2') }, ['us-east4'])).toEqual([]);
  });

  it('charge a TPU slice by its chips, and offer none of several machines as spot', () => {
    const slices = offers({ accelerator: named('TPU v6e') }, ['us-central1']);
    const price = (count: number): unknown => {
      const slice = slices.find((each) => each.count === count);
      return [slice?.priceUsdPerHour, slice?.spotPriceUsdPerHour];
    };
    expect(price(4)).toEqual([10.8, 2.3706]);
    expect(price(256)).toEqual([691.2, null]);
  });

  it('say what quota there is, and that nothing comes of none', () => {
    const region = 'us-central1';
    const quotas = limited({
      [`${region} nvidia_h100_gpus`]: 0,
      [`${region} spot nvidia_h100_gpus`]: 4,
      [`${region} nvidia_l4_gpus`]: Infinity,
      'me-central1 nvidia_l4_gpus': 2,
    });
    const h100 = offers({ accelerator: named('H100'), region }, [], quotas);
    expect(h100.find(({ count }) => count === 4)).toMatchObject({
      likelihood: 'unknown',
      note: expect.stringContaining('quota 0, spot quota 4'),
    });
    expect(h100.find(({ count }) => count === 8)).toMatchObject({ likelihood: 'no' });
    expect(offers({ accelerator: named('L4'), region }, [], quotas)[0]?.note).toContain('quota unlimited');
    // The catalogue has nothing there, but the project has quota.
    expect(offers({ accelerator: named('L4') }, ['me-central1'], quotas)[0]).toMatchObject({ priceUsdPerHour: null });
    expect(offers({ accelerator: named('L4') }, ['me-central1'])).toEqual([]);
  });

  it('compare quota in the unit in which Google counts it', () => {
    const region = 'us-central1';
    const tpu = (cores: number): readonly unknown[] =>
      offers({ accelerator: named('TPU v2'), region }, [], limited({ [`${region} tpu_v2`]: cores }))
        .filter(({ count }) => count === 4)
        .map(({ likelihood, note }) => [likelihood, note.split(',')[0]]);
    expect(tpu(4)).toEqual([['no', 'quota 4 cores']]);
    expect(tpu(8)).toEqual([['unknown', 'quota 8 cores']]);
    const cpus = (limit: number): readonly unknown[] =>
      offers({ region }, [], limited({ [`${region} cpus`]: limit }))
        .filter(({ accelerator }) => accelerator === null)
        .map(({ likelihood, note }) => [likelihood, note.split(',')[0]]);
    expect(cpus(0)).toEqual([['no', 'quota 0 CPUs']]);
    expect(cpus(20)).toEqual([['unknown', 'quota 20 CPUs']]);
  });
});
