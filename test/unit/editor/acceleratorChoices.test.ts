import { describe, expect, it } from 'vitest';

import { accelerators } from '../../../src/core/accelerator.ts';
import { acceleratorChoices } from '../../../src/editor/acceleratorChoices.ts';
import { offer } from '../../fixtures/editor/formEngine.ts';
import { connectionId } from '../../fixtures/engine/engineParts.ts';

const known = accelerators.find(({ name }) => name === 'H100') ?? accelerators[0];
const name = known?.name ?? null;

const choices = (...offers: Parameters<typeof acceleratorChoices>[0]) =>
  acceleratorChoices(offers, (id) => `Cloud ${id}`, accelerators);

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

  it('gathers the counts of all places, and shows each place once with its best offer', () => {
    const place = { accelerator: name, connectionId: connectionId('a'), region: 'us-central1' };
    const [choice] = choices(
      offer({ ...place, count: 8, likelihood: 'wait', note: 'quota 8' }),
      offer({ ...place, count: 1, likelihood: 'now', note: '3 free' }),
      offer({ ...place, count: 4, connectionId: connectionId('b'), likelihood: 'no' }),
    );
    expect(choice?.counts).toEqual([1, 4, 8]);
    expect(choice?.places.map((row) => [row.connectionLabel, row.region, row.note])).toEqual([
      ['Cloud a', 'us-central1', '3 free'],
      ['Cloud b', 'us-central1', ''],
    ]);
  });

  it('shows a price, that there is none to pay, or nothing when it is not known', () => {
    const price = (priceUsdPerHour: number | null) => choices(offer({ priceUsdPerHour }))[0]?.places[0]?.price;
    expect([price(12.4), price(0), price(null)]).toEqual(['$12.40/h', 'no charge', '']);
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
