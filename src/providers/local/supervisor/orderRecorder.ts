import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { waitForChange } from '../changeWait.ts';
import { runFile } from '../layout.ts';
import { hasCode } from '../nodeError.ts';
import { arrivalBytes, encodeArrival, type OutputStream, outputStreams } from '../outputOrder.ts';

const busyMs = 25;
const idleMs = 500;
/** How long after the last output it still counts as busy. */
const busyForMs = 2000;

/** Records in which order a job's output files grow. Costs two fstat calls a tick, whatever the job prints. */
export class OrderRecorder {
  readonly #folder: string;
  readonly #outputs: readonly { readonly stream: OutputStream; readonly fd: number; end: number }[];
  readonly #order: number;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #records: number;
  #diskFull = false;

  /** The two output files must be there. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#outputs = outputStreams.map((stream) => ({
      stream,
      fd: openSync(join(folder, runFile[stream]), 'r'),
      end: 0,
    }));
    this.#order = openSync(join(folder, runFile.order), 'a+', 0o600);
    this.#records = Math.floor(fstatSync(this.#order).size / arrivalBytes);
    this.#ended = this.#watch();
  }

  /** True once the disk had no room for a record: then the job's own output may have been lost as well. */
  get diskFull(): boolean {
    return this.#diskFull;
  }

  /** Records what has arrived until now and stops. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
    this.#sample();
    for (const fd of [this.#order, ...this.#outputs.map((output) => output.fd)]) {
      closeSync(fd);
    }
  }

  async #watch(): Promise<void> {
    let lastGrowth = Date.now();
    while (!this.#stop.signal.aborted) {
      const grown = this.#sample();
      lastGrowth = grown ? Date.now() : lastGrowth;
      if (Date.now() - lastGrowth < busyForMs) {
        await sleep(busyMs, this.#stop.signal);
      } else {
        await waitForChange(this.#folder, idleMs, this.#stop.signal);
      }
    }
  }

  /** Within one tick, the file that was written last goes last. */
  #sample(): boolean {
    const grown = this.#outputs
      .map((output) => ({ output, stats: fstatSync(output.fd) }))
      .filter(({ output, stats }) => stats.size !== output.end)
      .toSorted((a, b) => a.stats.mtimeMs - b.stats.mtimeMs);
    for (const { output, stats } of grown) {
      output.end = stats.size;
      this.#append(encodeArrival({ stream: output.stream, end: stats.size, time: Date.now() }));
    }
    return grown.length > 0;
  }

  #append(record: Buffer): void {
    try {
      if (writeSync(this.#order, record) === record.length) {
        this.#records += 1;
        return;
      }
      this.#diskFull = true;
    } catch (error) {
      if (!hasCode(error, 'ENOSPC', 'EDQUOT')) {
        throw error;
      }
      this.#diskFull = true;
    }
    // A torn record would shift all that follow.
    ftruncateSync(this.#order, this.#records * arrivalBytes);
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    resolve();
  };
  const timer = setTimeout(done, ms);
  signal.addEventListener('abort', done, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', done);
}
