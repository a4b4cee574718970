import { describe, expect, it } from 'vitest';
import { Joined } from '../../../../../src/providers/azure/logs/joined.ts';

describe('Joined', () => {
  it('does work once for all who want it meanwhile, and anew for who comes later', async () => {
    let count = 0;
    const joined = new Joined(async () => {
      count += 1;
      await Promise.resolve();
      return count;
    });
    const { signal } = new AbortController();
    expect(await Promise.all([joined.join(signal), joined.join(signal)])).toEqual([1, 1]);
    expect(await joined.join(signal)).toBe(2);
  });

  it('goes on while one of them wants it, and is given up with the last', async () => {
    const signals: AbortSignal[] = [];
    const answer = Promise.withResolvers<string>();
    const joined = new Joined(async (signal) => {
      signals.push(signal);
      return answer.promise;
    });
    const [one, other] = [new AbortController(), new AbortController()];
    const results = [joined.join(one.signal), joined.join(other.signal)];
    one.abort(new Error('one'));
    await expect(results[0]).rejects.toThrow('one');
    expect(signals[0]?.aborted).toBe(false);
    other.abort(new Error('other'));
    await expect(results[1]).rejects.toThrow('other');
    expect(signals[0]?.aborted).toBe(true);
    // Whoever comes now does not wait for what was given up.
    const later = joined.join(new AbortController().signal);
    expect(signals).toHaveLength(2);
    answer.resolve('there');
    expect(await later).toBe('there');
  });

  it('tells all of them of a failure, and forgets it', async () => {
    const outcomes = ['no', 'yes'];
    const joined = new Joined(async () => {
      const outcome = outcomes.shift();
      if (outcome === 'no') {
        throw new Error(outcome);
      }
      return outcome;
    });
    const { signal } = new AbortController();
    const both = await Promise.allSettled([joined.join(signal), joined.join(signal)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await joined.join(signal)).toBe('yes');
  });
});
