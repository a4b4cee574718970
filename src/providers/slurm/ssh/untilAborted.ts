/** What a promise comes to, unless one of the signals is aborted first, with whose reason it rejects. The work itself goes on. */
export async function untilAborted<T>(signals: AbortSignal | readonly AbortSignal[], work: Promise<T>): Promise<T> {
  const all = [signals].flat();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = ({ target }: { readonly target: unknown }): void => {
    reject(target instanceof AbortSignal ? target.reason : undefined);
  };
  for (const signal of all) {
    signal.addEventListener('abort', abort, { once: true });
  }
  const late = all.find((signal) => signal.aborted);
  if (late !== undefined) {
    reject(late.reason);
  }
  try {
    return await Promise.race([aborted, work]);
  } finally {
    for (const signal of all) {
      signal.removeEventListener('abort', abort);
    }
  }
}
