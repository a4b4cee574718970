import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';

import type { LogMark } from '../lineReplay.ts';
import { logStart } from '../lineReplay.ts';
import type { LogIndex } from '../logIndex.ts';
import type { LogSource } from '../logSource.ts';
import type { FromScan, ScanGoal, ToScan } from './scanMessages.ts';
import { endThread, startThread } from './scanThread.ts';

/** A scan has no more threads: they would take the processor from everything else. */
const mostThreads = 4;

/**
 * A scan of a log on threads of its own, which goes on as the log grows. It is given up at any time, in the middle of a pattern
 * that would take for ever, by `dispose`.
 */
export class LogScan {
  readonly #source: LogSource;
  readonly #index: LogIndex;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #sentMarks = 1;
  #sentEnd: LogMark = logStart;

  /** `script`: the bundle of scanWorker.ts. `receive` gets what it says, in order; a thread that dies is a problem like any other. */
  constructor(
    script: string,
    source: LogSource,
    index: LogIndex,
    goal: ScanGoal,
    receive: (message: FromScan) => void,
  ) {
    this.#source = source;
    this.#index = index;
    this.#worker = startThread(script);
    this.#worker.unref();
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        resolve();
      });
    });
    this.#worker.on('message', receive);
    this.#worker.on('error', (error) => {
      receive({ kind: 'problem', message: error instanceof Error ? error.message : String(error) });
    });
    const helpers = Math.min(mostThreads, availableParallelism()) - 1;
    this.#post({ kind: 'begin', goal, files: source.files, script, helpers });
    this.grow();
  }

  /** Tells the thread how far the log is indexed now. */
  grow(): void {
    const { marks, last: end } = this.#index;
    if (end !== this.#sentEnd) {
      const nodes = this.#source.streams.map(({ node }) => node);
      const { files } = this.#source;
      this.#post({ kind: 'marks', files, marks: marks.slice(this.#sentMarks), end, nodes });
      this.#sentMarks = marks.length;
      this.#sentEnd = end;
    }
  }

  /** Lets others have the processor for so long, in ms. */
  rest(ms: number): void {
    this.#post({ kind: 'rest', ms });
  }

  #post(message: ToScan): void {
    this.#worker.postMessage(message);
  }

  /** Resolves when the threads have ended, whatever they were busy with. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  dispose(): void {
    endThread(this.#worker);
  }
}
