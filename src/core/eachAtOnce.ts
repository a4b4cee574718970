/** At most so many under way at a time. The first failure ends it; what is under way by then comes to its end unseen. */
export async function eachAtOnce<T>(
  atOnce: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  let isFailed = false;
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, async () => {
      for (const item of queue) {
        if (isFailed) {
          return;
        }
        try {
          await work(item);
        } catch (error) {
          isFailed = true;
          throw error;
        }
      }
    }),
  );
}
