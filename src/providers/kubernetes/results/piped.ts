import { HandOver } from '../logs/handOver.ts';

const mostWaiting = 8;

/** What a callback is given, as something to iterate over; the giver waits for the taker. */
export async function* piped(
  signal: AbortSignal,
  work: (onBytes: (bytes: Buffer) => Promise<void>, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<Uint8Array, void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const handOver = new HandOver<Buffer>(mostWaiting);
  let outcome: { readonly error: unknown } | 'done' | null = null;
  const working = work(async (bytes) => handOver.put(bytes, either), either).then(
    () => {
      outcome = 'done';
      handOver.wake();
    },
    (error: unknown) => {
      outcome = { error };
      handOver.wake();
    },
  );
  try {
    for (;;) {
      const bytes = handOver.take();
      const end = outcome as { readonly error: unknown } | 'done' | null;
      if (bytes !== undefined) {
        yield bytes;
      } else if (end === null) {
        await handOver.changed();
      } else if (end === 'done') {
        return;
      } else {
        throw end.error;
      }
    }
  } finally {
    stop.abort();
    handOver.wake();
    await working;
  }
}
