import { describe, expect, it } from 'vitest';

import type { Offer } from '../../../src/core/offer.ts';
import type { Connection } from '../../../src/core/provider.ts';
import { ProviderError } from '../../../src/core/providerError.ts';
import { askOffers } from '../../../src/engine/askOffers.ts';
import { offer } from '../../fixtures/editor/formEngine.ts';
import { connectionId, connectionsOf } from '../../fixtures/engine/engineParts.ts';
import { ManualClock } from '../../fixtures/engine/manualClock.ts';
import { inTime, never } from '../../fixtures/engine/scriptedParts.ts';

type Answer = (signal: AbortSignal) => Promise<readonly Offer[]>;

const silent: Answer = async (signal) =>
  await new Promise((_resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => {
      reject(signal.reason);
    });
  });

function setup(answers: Readonly<Record<string, Answer>>, isAsking: () => boolean = () => false) {
  const clock = new ManualClock();
  const opened = Object.entries(answers).map(([id, answer]) => {
    const connection: Pick<Connection, 'offers'> = { offers: async (_query, signal) => await answer(signal) };
    return [id, connection as Connection] as const;
  });
  const connections = connectionsOf(new Map(opened));
  const mayStartNow = ({ likelihood }: Offer): boolean => likelihood === 'now';
  return {
    clock,
    ask: async (signal = never) =>
      await askOffers({ ...connections, isAsking }, connections.list(), {}, mayStartNow, clock, signal),
  };
}

const from =
  (id: string, likelihood: Offer['likelihood']): Answer =>
  async () => [offer({ connectionId: connectionId(id), likelihood })];

describe('asking all connections what they offer', () => {
  it('waits for all of them, but not for ever', async () => {
    const { clock, ask } = setup({ a: from('a', 'wait'), b: silent, c: from('c', 'unknown') });
    const began = clock.now();
    const { offers, problems } = await inTime(clock, ask());
    expect(offers.map((one) => one.connectionId)).toEqual(['a', 'c']);
    expect(problems).toEqual(['Cloud b: There was no answer within 15 s.']);
    expect(clock.now() - began).toBe(15_000);
  });

  it('waits only a little longer once a place could start the job now', async () => {
    const { clock, ask } = setup({ a: silent, b: from('b', 'now'), c: silent });
    const began = clock.now();
    const { offers, problems } = await inTime(clock, ask());
    expect(offers.map((one) => one.connectionId)).toEqual(['b']);
    expect(problems).toHaveLength(2);
    expect(clock.now() - began).toBe(2_000);
  });

  it('names who fails, with what to do', async () => {
    const { clock, ask } = setup({
      a: async () => {
        throw new ProviderError('auth', 'The token has expired.', { remedy: 'Sign in again.' });
      },
      b: from('b', 'now'),
    });
    expect((await inTime(clock, ask())).problems).toEqual(['Cloud a: The token has expired. Sign in again.']);
  });

  it('does not count the time a person takes to answer', async () => {
    let questions = 3;
    const { clock, ask } = setup({ a: silent }, () => {
      questions -= 1;
      return questions > 0;
    });
    const began = clock.now();
    await inTime(clock, ask());
    expect(clock.now() - began).toBe(45_000);
  });

  it('ends with its signal', async () => {
    const { ask } = setup({ a: silent, b: from('b', 'now') });
    const stop = new AbortController();
    const asking = ask(stop.signal);
    stop.abort(new Error('enough'));
    await expect(asking).rejects.toThrow('enough');
  });
});
