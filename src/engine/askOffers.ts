import type { Offer, OfferQuery } from '../core/offer.ts';
import type { Clock } from '../core/ports.ts';
import { ProviderError } from '../core/providerError.ts';
import type { ConnectionInfo, Connections } from './connections.ts';
import { explain } from './errorNote.ts';
import { within } from './retry.ts';

/** All in ms. */
const answerWithin = 15_000;
/** What the others get once one place is known to be as good as any. */
const othersWithin = 2_000;

export interface Answers {
  readonly offers: readonly Offer[];
  /** Which connections did not answer and why, each in a sentence. */
  readonly problems: readonly string[];
}

/**
 * What connections can give now. One that cannot answer is named and leaves the others alone; nobody waits long for the slow ones
 * once an offer `isEnough`. Rejects with the signal's reason only.
 */
export async function askOffers(
  connections: Pick<Connections, 'open' | 'isAsking'>,
  asked: readonly ConnectionInfo[],
  query: OfferQuery,
  isEnough: (offer: Offer) => boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<Answers> {
  const enough = new AbortController();
  const done = new AbortController();
  const hurry = (): void => {
    const late = new ProviderError('transient', `There was no answer within ${othersWithin / 1000} s.`);
    clock.sleep(othersWithin, AbortSignal.any([signal, done.signal])).then(
      () => {
        enough.abort(late);
      },
      () => undefined,
    );
  };
  const answers = await Promise.allSettled(
    asked.map(async ({ id }) => {
      const offers = await within(
        answerWithin,
        clock,
        AbortSignal.any([signal, enough.signal]),
        async (limited) => await (await connections.open(id)).offers(query, limited),
        () => connections.isAsking(id),
      );
      if (offers.some(isEnough)) {
        hurry();
      }
      return offers;
    }),
  );
  done.abort();
  signal.throwIfAborted();
  return {
    offers: answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])),
    problems: answers.flatMap((answer, index) =>
      answer.status === 'fulfilled' ? [] : [`${asked[index]?.label ?? ''}: ${explain(answer.reason).reason}`],
    ),
  };
}
