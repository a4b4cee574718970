import { describe, expect, it } from 'vitest';

import { accelerators } from '../../../../src/core/accelerator.ts';
import { acceleratorChoices } from '../../../../src/editor/connections/acceleratorChoices.ts';
import { offer } from '../../../fixtures/editor/formEngine.ts';
import { connectionId } from '../../../fixtures/engine/engineParts.ts';

const known = accelerators.find(({ name }) => name === 'H100') ?? accelerators[0];
const name = known?.name ?? null;

const choices = (...offers: Parameters<typeof acceleratorChoices>[0]) =>
  acceleratorChoices(offers, (id) => `Cloud ${id}`);

describe('acceleratorChoices', () => {
  it('begins with CPU only, then what could start soonest, then by name', () => {
    const others = accelerators.filter((accelerator) => accelerator.name !== name).slice(0, 2);
    const [first, second] = others.map((accelerator) => accelerator.name).toSorted();
    const listed = choices(
      offer({ accelerator: second ?? null, count: 1, likelihood: 'wait' }),
      offer({ accelerator: first ?? null, count: 1, likelihood: 'wait' }),
      offer({ accelerator: name, count: 1, likelihood: 'now' }),
      offer({ likelihood: 'no' }),
    );
    expect(listed.map((choice) => choice.name)).toEqual(['', name, first, second]);
    expect(listed[0]?.label).toBe('CPU only');
  });

  it('has an accelerator once for each count, with the places that have that: soonest first, then cheapest', () => {
    const place = { accelerator: name, connectionId: connectionId('a'), region: 'us-central1' };
    const listed = choices(
      offer({ ...place, count: 8, likelihood: 'wait', note: 'quota 8', priceUsdPerHour: 50 }),
      offer({ ...place, count: 1, likelihood: 'now', note: '3 free' }),
      offer({ ...place, count: 8, connectionId: connectionId('b'), likelihood: 'wait', priceUsdPerHour: 40 }),
      offer({ ...place, count: 8, connectionId: connectionId('c'), region: null, note: '16 free now' }),
    );
    expect(listed.map(({ count }) => count)).toEqual([1, 8]);
    expect(listed[1]?.places.map((row) => [row.connectionLabel, row.region, row.note, row.price])).toEqual([
      ['Cloud c', null, '16 free now', ''],
      ['Cloud b', 'us-central1', 'would wait', '$40.00/h'],
      ['Cloud a', 'us-central1', 'quota 8', '$50.00/h'],
    ]);
    expect(listed[1]?.price).toBe('from $40.00/h');
  });

  it('lists of a place that gives any number only those that people ask for', () => {
    const any = Array.from({ length: 6 }, (_, index) => offer({ accelerator: name, count: index + 1 }));
    expect(choices(...any).map(({ count }) => count)).toEqual([1, 2, 4, 6]);
  });

  it('shows the best offer where a place has several, and one line of what it says', () => {
    const place = { accelerator: name, count: 1, region: 'gpu' };
    const [choice] = choices(
      offer({ ...place, likelihood: 'no', note: 'none' }),
      offer({ ...place, likelihood: 'now', note: `$(sync~spin)\n${'free '.repeat(1_000)}`, region: 'gpu' }),
    );
    expect(choice?.places).toHaveLength(1);
    expect(choice?.places[0]?.note).toMatch(/^\$\(sync~spin\) free free .{0,60}$/u);
  });

  it('shows a price, that there is none to pay, or nothing when it is not known', () => {
    const price = (priceUsdPerHour: number | null) => choices(offer({ priceUsdPerHour }))[0];
    expect([price(12.4), price(0), price(null)].map((choice) => choice?.places[0]?.price)).toEqual([
      '$12.40/h',
      'no charge',
      '',
    ]);
    expect([price(12.4), price(0), price(null)].map((choice) => choice?.price)).toEqual(['$12.40/h', 'no charge', '']);
  });

  it('names the memory that the device itself tells, once', () => {
    const [choice] = choices(offer({ accelerator: name, count: 1, memoryGib: 79.6 }));
    expect(choice?.label).toMatch(/80 GB$/u);
    expect(choice?.vendor).toBe(known?.vendor);
    expect(choice?.label.match(/GB/gu)).toHaveLength(1);
  });

  it('is empty without offers', () => {
    expect(choices()).toEqual([]);
  });
});
