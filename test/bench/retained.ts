import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Bytes that this thread's objects and buffers take once all garbage is gone. What the process takes (RSS) is more: the engine keeps the
 * room of garbage for what comes next.
 */
export function retainedBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') {
    throw new Error('garbage cannot be collected on demand');
  }
  // What waits to be finalised goes with the second.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
