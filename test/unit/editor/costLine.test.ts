import { describe, expect, it } from 'vitest';

import type { Offer } from '../../../src/core/offer.ts';
import { acceleratorChoices } from '../../../src/editor/connections/acceleratorChoices.ts';
import { costLine } from '../../../src/editor/costLine.ts';
import { offer } from '../../fixtures/editor/formEngine.ts';
import { connectionId, specOf } from '../../fixtures/engine/engineParts.ts';

const line = (
  spec: Parameters<typeof specOf>[0],
  prices: Readonly<Record<string, number | null>>,
  connection = '',
  spot: Offer['spotPriceUsdPerHour'] = null,
): string | null => {
  const offers = Object.entries(prices).map(([id, price]) =>
    offer({ connectionId: connectionId(id), priceUsdPerHour: price, spotPriceUsdPerHour: spot }),
  );
  return costLine(
    specOf(spec),
    connection,
    acceleratorChoices(offers, (id) => id),
  );
};

describe('the cost of a job', () => {
  it('is what all nodes cost an hour, and at most with a time limit', () => {
    expect(line({}, { a: 12.4 })).toBe('$12.40/h');
    expect(line({ nodes: 2 }, { a: 12.4 })).toBe('$24.80/h for 2 nodes');
    expect(line({ nodes: 2, limits: { duration: '12h' } }, { a: 12.4 })).toBe(
      '$24.80/h for 2 nodes, at most $297.60 in 12h',
    );
  });

  it('says when a cost limit stops it, unless its time ends before', () => {
    expect(line({ limits: { cost: 400 } }, { a: 24 })).toBe('$24/h, stopped after 16h40m to cost at most $400');
    expect(line({ limits: { cost: 400, duration: '1h' } }, { a: 24 })).toBe('$24/h, at most $24 in 1h');
  });

  it('is a range where several places may take it, and that of one where that is chosen', () => {
    expect(line({}, { a: 12, b: 14.5 })).toBe('$12 to $14.50/h');
    expect(line({ limits: { cost: 50 } }, { a: 12, b: 14.5 })).toBe(
      '$12 to $14.50/h, stopped before it costs more than $50',
    );
    expect(line({}, { a: 12, b: 14.5 }, 'b')).toBe('$14.50/h');
    expect(line({ spot: true }, { a: 12 }, '', 4)).toBe('$4/h');
  });

  it('promises nothing where a price is not known', () => {
    expect(line({ limits: { duration: '1h' } }, { a: 12, b: null })).toBe('$12/h');
    expect(line({}, { a: null })).toBeNull();
    expect(line({ limits: { cost: 50 } }, { a: null })).toBe(
      'No price is known here, so $50 cannot be kept. Limit the time instead.',
    );
  });

  it('is not spoken of where there is none, or nothing like that', () => {
    expect(line({ limits: { cost: 50 } }, { a: 0 })).toBeNull();
    expect(line({}, {})).toBeNull();
    expect(line({ nodes: 2 }, { a: 12 }, 'gone')).toBeNull();
  });
});
