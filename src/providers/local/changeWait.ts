import { watch } from 'node:fs';

/**
 * Resolves when something in the folder changes, at the latest after `ms`, at once when the signal is aborted. It may resolve
 * for no reason; where changes cannot be watched it is only slow.
 */
export async function waitForChange(folder: string, ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    resolve();
  };
  const timer = setTimeout(done, ms);
  signal?.addEventListener('abort', done);
  const watcher = watchFolder(folder, done);
  try {
    if (signal?.aborted !== true) {
      await promise;
    }
  } finally {
    clearTimeout(timer);
    watcher?.close();
    signal?.removeEventListener('abort', done);
  }
}

/** undefined where it cannot be watched: too many watches, a network disk, no such folder. */
function watchFolder(folder: string, done: () => void): { close(): void } | undefined {
  try {
    return watch(folder, { persistent: true }, done).on('error', done);
  } catch {
    return undefined;
  }
}
