import { Worker } from 'node:worker_threads';

/** A thread that scans. `script`: the bundle of scanWorker.ts. What a scan leaves behind is thrown away early, so that it takes little. */
export function startThread(script: string): Worker {
  return new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 4 } });
}

/** Ends it whatever it is busy with; nothing more is heard of it. */
export function endThread(worker: Worker): void {
  worker.removeAllListeners('message');
  worker.removeAllListeners('error');
  worker.on('error', () => undefined);
  void worker.terminate();
}
