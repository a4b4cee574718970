/** All in ms. */
export const quickest = 1_000;
const slowest = 10_000;
const liveliness = 20_000;

/**
 * How long to wait before a connection is asked again: at once again while something starts or has just changed, then more and
 * more slowly, but never not at all while a job is live. `quietMs`: since something last changed.
 */
export function pollInterval(facts: { readonly starting: boolean; readonly quietMs: number }): number {
  if (facts.quietMs < liveliness) {
    return quickest;
  }
  const slow = Math.min(slowest, quickest + (facts.quietMs - liveliness) / 20);
  return facts.starting ? Math.min(slow, 3 * quickest) : slow;
}
