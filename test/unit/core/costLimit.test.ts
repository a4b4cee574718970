import { describe, expect, it } from 'vitest';

import { usdPerHour, withinCost } from '../../../src/core/costLimit.ts';
import type { Offer } from '../../../src/core/offer.ts';
import { connectionId, specOf } from '../../fixtures/engine/engineParts.ts';

const spec = (fields: Readonly<Record<string, unknown>> = {}) => specOf({ accelerator: 'H100 x 8', ...fields });

const offer = (region: string, price: number | null, spot: number | null = null): Offer => ({
  connectionId: connectionId('cloud'),
  accelerator: spec().accelerator?.name ?? null,
  count: 8,
  memoryGib: 80,
  region,
  priceUsdPerHour: price,
  spotPriceUsdPerHour: spot,
  freeNow: null,
  likelihood: 'unknown',
  note: '',
  asOf: 0,
});

const hours = (amount: number): number => amount * 3_600_000;

describe('usdPerHour', () => {
  it('takes the dearest place that the job may get, for all nodes', () => {
    const offers = [offer('east', 40), offer('west', 50), { ...offer('north', 900), count: 4 }];
    expect(usdPerHour(spec(), offers)).toBe(50);
    expect(usdPerHour(spec({ nodes: 2, region: 'east' }), offers)).toBe(80);
  });

  it('takes the spot price for a spot job, and the full one where none is known', () => {
    expect(usdPerHour(spec({ spot: true }), [offer('east', 40, 12)])).toBe(12);
    expect(usdPerHour(spec({ spot: true }), [offer('east', 40)])).toBe(40);
    expect(usdPerHour(spec(), [offer('east', 40, 12)])).toBe(40);
  });

  it('is not known when it is not known of one of the places, or when there is none', () => {
    expect(usdPerHour(spec(), [offer('east', 40), offer('west', null)])).toBeNull();
    expect(usdPerHour(spec(), [])).toBeNull();
  });
});

describe('a job that may get a larger machine than the one offered for its accelerator', () => {
  const larger = [{ cpus: 96 }, { memory: '1TiB' }, { options: { machineType: 'g2-standard-32' } }] as const;

  it.each(larger)('has no known price: %o', (fields) => {
    expect(usdPerHour(spec(fields), [offer('east', 40)])).toBeNull();
    expect(usdPerHour(spec(fields), [offer('here', 0)])).toBe(0);
    expect(() => withinCost(spec({ ...fields, limits: { cost: 5 } }), null, 'cloud')).toThrow(
      'may cost more than cloud',
    );
  });
});

describe('withinCost', () => {
  it('limits the time, in whole minutes that cost no more', () => {
    const kept = withinCost(spec({ limits: { cost: 100 } }), 49.24, 'cloud');
    expect(kept.limits.durationMs).toBe(121 * 60_000);
    expect((121 / 60) * 49.24).toBeLessThanOrEqual(100);
    expect((122 / 60) * 49.24).toBeGreaterThan(100);
    expect(kept.limits.costUsd).toBe(100);
  });

  it('leaves a shorter time limit as it is', () => {
    expect(withinCost(spec({ limits: { cost: 400, duration: '1h' } }), 40, 'cloud').limits.durationMs).toBe(hours(1));
    expect(withinCost(spec({ limits: { cost: 400, duration: '12h' } }), 40, 'cloud').limits.durationMs).toBe(hours(10));
  });

  it('changes nothing without a limit, and where a job costs nothing', () => {
    const free = spec({ limits: { cost: 5 } });
    expect(withinCost(free, 0, 'This machine')).toBe(free);
    const unlimited = spec();
    expect(withinCost(unlimited, null, 'lab')).toBe(unlimited);
  });

  it('refuses what cannot be kept', () => {
    expect(() => withinCost(spec({ limits: { cost: 400 } }), null, 'lab')).toThrow(
      expect.objectContaining({
        tag: 'unsupported',
        field: 'limits.cost',
        message: 'lab tells no price for this job, so it cannot be kept below $400.',
      }),
    );
    expect(() => withinCost(spec({ limits: { cost: 0.01 } }), 40, 'cloud')).toThrow(
      expect.objectContaining({ field: 'limits.cost', message: 'At $40.00 an hour, $0.01 is less than a minute.' }),
    );
  });
});
