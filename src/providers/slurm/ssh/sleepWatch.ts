import type { Client } from 'ssh2';

const tickMs = 5_000;
/** A timer that is this late was not busy, but asleep. */
const asleepMs = 20_000;
const answerMs = 5_000;

/**
 * After this machine has slept its connections are mostly gone, which keep-alive notices only minutes later: so it asks at once.
 * Calls `gone` when there is no answer. Returns what stops it.
 */
export function watchForSleep(client: Client, gone: () => void): () => void {
  let before = Date.now();
  let answer: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - before > tickMs + asleepMs && answer === undefined) {
      answer = setTimeout(gone, answerMs);
      askForAnything(client, () => {
        clearTimeout(answer);
        answer = undefined;
      });
    }
    before = now;
  }, tickMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    clearTimeout(answer);
  };
}

/** A request that has to be answered, and means nothing: nothing was ever forwarded from there to here. */
function askForAnything(client: Client, answered: () => void): void {
  try {
    client.unforwardIn('127.0.0.1', 0, answered);
  } catch {
    // Not connected: the connection's own end tells.
  }
}
