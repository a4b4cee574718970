import { expect, it } from 'vitest';
import { PriceList } from '../../../../src/providers/google/offers/livePrices.ts';
import { never, rejection } from '../../../conformance/harness.ts';
import { ManualClock } from '../../../fixtures/engine/manualClock.ts';

it('are waited for by all who ask meanwhile, and whoever goes away takes them from nobody', async () => {
  const answer = Promise.withResolvers<unknown>();
  let asked = 0;
  const rest = async (): Promise<unknown> => {
    asked += 1;
    return answer.promise;
  };
  const prices = new PriceList({ rest }, new ManualClock());
  const gone = new AbortController();
  const leaving = rejection(prices.current(gone.signal));
  const staying = [prices.current(never()), prices.current(never())];
  gone.abort(new Error('went away'));
  expect(await leaving).toBe(gone.signal.reason);
  expect(await rejection(prices.current(gone.signal))).toBe(gone.signal.reason);
  answer.resolve({ skus: [] });
  expect(await Promise.all(staying)).toEqual([expect.anything(), expect.anything()]);
  expect(await prices.current(never())).not.toBeNull();
  expect(asked).toBe(1);
});

it('are nothing for all who wait when they cannot be had, and asked for again later', async () => {
  let asked = 0;
  const rest = async (): Promise<unknown> => {
    asked += 1;
    throw new Error('disabled');
  };
  const clock = new ManualClock();
  const prices = new PriceList({ rest }, clock);
  expect(await Promise.all([prices.current(never()), prices.current(never())])).toEqual([null, null]);
  expect(await prices.current(never())).toBeNull();
  expect(asked).toBe(1);
  clock.jump(16 * 60_000);
  expect(await prices.current(never())).toBeNull();
  expect(asked).toBe(2);
});
