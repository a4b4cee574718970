import type { EpochMs } from './job.ts';

/** In ms. Estimates that differ by less are the same to a person. */
const leastShift = 120_000;

/**
 * The estimated start to go on with: backends compute theirs anew with every look at the queue, so another takes the place of
 * the known one only when it differs by more than a tenth of the time that is left, and by two minutes at least.
 */
export function settledEstimate(known: EpochMs | null, next: EpochMs | null, now: EpochMs): EpochMs | null {
  if (known === null || next === null) {
    return next;
  }
  const tolerance = Math.max(leastShift, Math.abs(known - now) / 10);
  return Math.abs(next - known) > tolerance ? next : known;
}

/** An estimate for people, by the clock of this machine: `16:40`, within a week `Fri 09:10`, later `3 Dec`. null when its time has come. */
export function formatStart(at: EpochMs | null, now: EpochMs): string | null {
  if (at === null || at <= now) {
    return null;
  }
  const date = new Date(at);
  const clock = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
  if (date.toDateString() === new Date(now).toDateString()) {
    return clock;
  }
  return at - now < 6 * 86_400_000
    ? `${date.toLocaleDateString([], { weekday: 'short' })} ${clock}`
    : date.toLocaleDateString([], { day: 'numeric', month: 'short' });
}
