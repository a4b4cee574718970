import { describe, expect, it } from 'vitest';

import { accelerators } from '../../../../src/core/accelerator.ts';
import type { Offer } from '../../../../src/core/offer.ts';
import { freeText, stockOf, stockSentence } from '../../../../src/editor/connections/freeAccelerators.ts';
import { offer } from '../../../fixtures/editor/formEngine.ts';

function of(name: string, fields: Partial<Offer>): Offer {
  const accelerator = accelerators.find((known) => known.name === name)?.name ?? null;
  return offer({ accelerator, count: 1, likelihood: 'unknown', ...fields });
}

describe('what is free', () => {
  it('is counted once for each part, whatever counts it is offered in', () => {
    const offers = [
      of('H100', { region: 'gpu', count: 1, freeNow: 15, total: 32 }),
      of('H100', { region: 'gpu', count: 8, freeNow: 1, total: 32 }),
      of('H100', { region: 'long', count: 8, freeNow: 2, total: 16 }),
      of('H100', { region: 'dark', count: 8, freeNow: null }),
    ];
    const [stock] = stockOf(offers);
    expect(stock).toMatchObject({ label: 'H100 80 GB', free: 31, total: 48, counts: [1, 8] });
    expect(stock?.regions.map(({ region, free }) => [region, free])).toEqual([
      ['gpu', 15],
      ['long', 16],
      ['dark', null],
    ]);
    expect(stockSentence(offers)).toBe('31 of 48 H100 free');
  });

  it('is not added up where the parts share machines', () => {
    const overall = { free: 9, total: 16 };
    const offers = [
      of('H100', { region: 'gpu', freeNow: 9, total: 16, overall }),
      of('H100', { region: 'spot', freeNow: 9, total: 16, overall }),
    ];
    expect(stockSentence(offers)).toBe('9 of 16 H100 free');
    expect(stockOf(offers)[0]?.regions.map(({ free }) => free)).toEqual([9, 9]);
  });

  it.each([
    [{ free: null, total: 8 }, ''],
    [{ free: 0, total: 8 }, 'none of 8 free'],
    [{ free: 0, total: null }, 'none free'],
    [{ free: 3, total: null }, '3 free'],
    [{ free: 3, total: 8 }, '3 of 8 free'],
  ])('%j is said as "%s"', (stock, text) => {
    expect(freeText(stock)).toBe(text);
  });

  it('is a sentence about the whole connection, most free first', () => {
    const h100 = of('H100', { freeNow: 2 });
    const h200 = of('H200', { freeNow: 5, total: 8 });
    const a10 = of('A10', { freeNow: 1 });
    expect(stockSentence([h100, h200])).toBe('5 of 8 H200, 2 H100 free');
    expect(stockSentence([h100, h200, a10])).toBe('5 of 8 H200, 2 H100 and 1 more free');
    expect(stockSentence([of('H100', { freeNow: 0 })])).toBe('no H100 free');
    expect(stockSentence([of('H100', {}), of('H200', {})])).toBe('H100, H200');
    expect(stockSentence([offer({ freeNow: 4 })])).toBe('CPU only');
    expect(stockSentence([])).toBe('nothing to offer');
  });

  it('keeps what a cluster calls its parts to one line', () => {
    const [stock] = stockOf([of('H100', { region: `gpu\n${'x'.repeat(10_000)}`, note: 'a\u202eb' })]);
    expect(stock?.regions[0]?.region).toHaveLength(80);
    expect(stock?.regions[0]?.note).toBe('a b');
  });
});
