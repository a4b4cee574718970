import type { Worker } from 'node:worker_threads';

import type { LogMark } from '../lineReplay.ts';
import type { LogFilePaths } from '../logSource.ts';
import type { FromHelper, ScanGoal, ToHelper } from './scanMessages.ts';
import { endThread, startThread } from './scanThread.ts';

/** A stretch of the log that is looked at as one, and what was found once it was. */
export interface ScanTask<Found> {
  readonly from: LogMark;
  readonly to: LogMark;
  /** Where the log had rested before: the line from which on everything said is void. */
  readonly voids: number | null;
  result?: { readonly found: Found };
}

/** What a helper has to say to the one it helps. */
export interface HelperReports {
  /** The scan cannot go on. */
  readonly failed: (reason: string) => void;
  /** The thread died or never began. */
  readonly lost: () => void;
}

/** Looks at stretches of the log for another thread. */
export interface TaskTaker<Found> {
  /** It has begun: what is given before waits for that. */
  readonly isReady: boolean;
  /** Given and not looked at yet. */
  readonly tasks: readonly ScanTask<Found>[];
  give(task: ScanTask<Found>, files: LogFilePaths, nodes: readonly number[]): void;
  /** Lets others have the processor for so long, in ms. */
  rest(ms: number): void;
  dispose(): void;
}

/** A thread that looks at stretches of the log for another one. It ends with that one at the latest. */
export class ScanHelper<Found> implements TaskTaker<Found> {
  readonly #worker: Worker;
  /** In the order in which they were given. */
  readonly #tasks: ScanTask<Found>[] = [];
  #isReady = false;

  /** `script`: the bundle of scanWorker.ts. */
  constructor(script: string, goal: ScanGoal, files: LogFilePaths, { failed, lost }: HelperReports) {
    this.#worker = startThread(script);
    this.#worker.on('message', (message: FromHelper<Found>) => {
      if (message.kind === 'problem') {
        failed(message.message);
      } else if (message.kind === 'ready') {
        this.#isReady = true;
      } else {
        const task = this.#tasks.shift();
        if (task !== undefined) {
          task.result ??= { found: message.found };
        }
      }
    });
    this.#worker.on('error', lost);
    this.#post({ kind: 'help', goal, files });
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get tasks(): readonly ScanTask<Found>[] {
    return this.#tasks;
  }

  give(task: ScanTask<Found>, files: LogFilePaths, nodes: readonly number[]): void {
    this.#tasks.push(task);
    const { from, to } = task;
    this.#post({ kind: 'look', files, nodes, from, to });
  }

  rest(ms: number): void {
    this.#post({ kind: 'rest', ms });
  }

  #post(message: ToHelper): void {
    this.#worker.postMessage(message);
  }

  dispose(): void {
    endThread(this.#worker);
  }
}
