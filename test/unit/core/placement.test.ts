import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ConnectionId } from '../../../src/core/job.ts';
import { type JobSpec, parseJobSpec } from '../../../src/core/jobSpec.ts';
import type { Offer } from '../../../src/core/offer.ts';
import { choosePlace, type Place } from '../../../src/core/placement.ts';

const place = (id: string, providerId = id): Place => ({ connectionId: id as ConnectionId, providerId });

function offer(connection: string, fields: Partial<Offer> = {}): Offer {
  return {
    connectionId: connection as ConnectionId,
    accelerator: null,
    count: 0,
    memoryGib: null,
    region: null,
    priceUsdPerHour: null,
    spotPriceUsdPerHour: null,
    freeNow: null,
    likelihood: 'now',
    note: '',
    asOf: 0,
    ...fields,
  };
}

function spec(fields: Readonly<Record<string, unknown>> = {}): JobSpec {
  const parsed = parseJobSpec({ command: 'python train.py', ...fields });
  if (!parsed.ok) {
    throw new Error(JSON.stringify(parsed.problems));
  }
  return parsed.spec;
}

const h100 = spec({ accelerator: 'H100 x 8' }).accelerator?.name ?? null;

describe('choosePlace', () => {
  it('takes where it could start soonest', () => {
    const offers = [
      offer('a', { likelihood: 'unknown' }),
      offer('b', { likelihood: 'wait' }),
      offer('c', { likelihood: 'no' }),
    ];
    expect(choosePlace(spec(), offers, [place('a'), place('b'), place('c')])).toEqual(place('b'));
  });

  it('takes the order of the spec before what is soonest, by connection or by provider', () => {
    const offers = [offer('a'), offer('lab', { likelihood: 'wait' }), offer('b', { likelihood: 'no' })];
    const places = [place('a'), place('lab', 'slurm'), place('b')];
    expect(choosePlace(spec({ providers: ['b', 'a'] }), offers, places)).toEqual(place('b'));
    expect(choosePlace(spec({ providers: ['slurm', 'a'] }), offers, places)).toEqual(place('lab', 'slurm'));
  });

  it('takes the soonest of several connections of the preferred provider', () => {
    const offers = [offer('one', { likelihood: 'wait' }), offer('two')];
    const places = [place('one', 'slurm'), place('two', 'slurm')];
    expect(choosePlace(spec({ providers: ['slurm'] }), offers, places)).toEqual(place('two', 'slurm'));
  });

  it('goes nowhere else than the spec allows', () => {
    expect(choosePlace(spec({ providers: ['gone'] }), [offer('a')], [place('a')])).toBeUndefined();
  });

  it('wants the very accelerator, count and region', () => {
    const wanted = spec({ accelerator: 'H100 x 8', region: 'us-central1' });
    const fits = { accelerator: h100, count: 8, region: 'us-central1' };
    const places = [place('a')];
    expect(choosePlace(wanted, [offer('a', fits)], places)).toEqual(place('a'));
    expect(choosePlace(wanted, [offer('a', { ...fits, count: 4 })], places)).toBeUndefined();
    expect(choosePlace(wanted, [offer('a', { ...fits, region: 'eu' })], places)).toBeUndefined();
    expect(choosePlace(wanted, [offer('a')], places)).toBeUndefined();
    expect(choosePlace(spec(), [offer('a', fits)], places)).toBeUndefined();
  });

  it('never takes a place that offers nothing that fits, whatever the offers', () => {
    const likelihood = fc.constantFrom('now', 'wait', 'unknown', 'no');
    const offers = fc.array(
      fc
        .record({ id: fc.constantFrom('a', 'b', 'c'), count: fc.constantFrom(0, 8), likelihood })
        .map(({ id, count, likelihood: chance }) =>
          offer(id, { count, accelerator: count === 0 ? null : h100, likelihood: chance }),
        ),
    );
    const providers = fc.subarray(['c', 'a', 'b', 'gone']);
    fc.assert(
      fc.property(offers, providers, (all, preferred) => {
        const places = ['a', 'b', 'c'].map((id) => place(id));
        const chosen = choosePlace(spec({ accelerator: 'H100 x 8', providers: preferred }), all, places);
        const fitting = all.filter(({ count }) => count === 8).map(({ connectionId }) => String(connectionId));
        const allowed = fitting.filter((id) => preferred.length === 0 || preferred.includes(id));
        const first = preferred.find((id) => allowed.includes(id));
        expect(chosen === undefined).toBe(allowed.length === 0);
        expect(chosen === undefined || allowed.includes(chosen.connectionId)).toBe(true);
        expect(first === undefined || chosen?.connectionId === first).toBe(true);
      }),
    );
  });
});
