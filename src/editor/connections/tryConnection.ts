import type { Offer } from '../../core/offer.ts';
import type { Clock } from '../../core/ports.ts';
import type { Connection, Identity } from '../../core/provider.ts';
import { within } from '../../engine/retry.ts';
import { oneLine } from '../hostileText.ts';
import { t } from '../l10n.ts';
import { stockSentence } from './freeAccelerators.ts';

export interface Tried {
  readonly identity: Identity;
  readonly offers: readonly Offer[];
}

/** How long each step may take, not counting the person's own answers, in ms. */
const stepWithin = 60_000;

/** Asks a connection who we are and what it has, telling each step. Rejects with a ProviderError or the signal's reason. */
export async function tryConnection(
  connection: Pick<Connection, 'identity' | 'offers'>,
  clock: Clock,
  isAttended: () => boolean,
  signal: AbortSignal,
  report: (step: string) => void,
): Promise<Tried> {
  const step = async <T>(text: string, ask: (limited: AbortSignal) => Promise<T>): Promise<T> => {
    report(text);
    return await within(stepWithin, clock, signal, ask, isAttended);
  };
  const identity = await step(t('Asking who you are there'), async (limited) => await connection.identity(limited));
  const offers = await step(
    t('Signed in as {0}; asking what is free', oneLine(identity.account, 60)),
    async (limited) => await connection.offers({}, limited),
  );
  return { identity, offers };
}

/**
 * Lets the person sign in again, where the provider has a way to ask them; false when they went away. Rejects with a ProviderError or
 * the signal's reason.
 */
export async function signInAgain(
  connection: Pick<Connection, 'signIn'>,
  signal: AbortSignal,
  report: (step: string) => void,
): Promise<boolean> {
  if (connection.signIn === undefined) {
    return true;
  }
  report(t('Signing in'));
  return await connection.signIn(signal);
}

/** "Connected to lab-slurm as ada: 16 of 32 H100 free". */
export function triedSentence(label: string, { identity, offers }: Tried): string {
  return t('Connected to {0} as {1}: {2}', label, oneLine(identity.account, 60), stockSentence(offers));
}
