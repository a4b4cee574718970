import { type LogMark, logStart, resumed } from '../lineReplay.ts';
import { ReadAhead } from './readAhead.ts';
import type { RestTime } from './restTime.ts';
import type { ScanFiles } from './scanFiles.ts';
import type { HelperReports, ScanTask, TaskTaker } from './scanHelper.ts';
import type { FromScan, ToScan } from './scanMessages.ts';
import { sizeBetween, unitEnd } from './scanUnits.ts';
import type { Look, ScanWork } from './scanWork.ts';

/** What each thread may be given before what was given first is done: one is read while another is looked at. */
const tasksEach = 2;
/** Of each thread, so many results may wait for an earlier one. */
const resultsEach = 4;

/** A failure at the end of a log that is silent for so long, in ms, is taken to be told to its end. */
const silence = 1_000;

/** Who else looks. */
export interface Crew<Found> {
  readonly helpers: number;
  /** They are called when so much is to be looked at, in bytes. */
  readonly worthHelp: number;
  readonly call: (reports: HelperReports) => TaskTaker<Found>;
}

export interface ScanLeadDeps<Found> {
  readonly work: ScanWork<Found>;
  /** One is filled while the other is looked at. */
  readonly buffers: readonly [Buffer, Buffer];
  readonly files: ScanFiles;
  readonly rest: RestTime;
  readonly crew: Crew<Found>;
  readonly send: (message: FromScan) => void;
}

/**
 * Goes over a log, then over what is added to it. This is where a scan is divided: the log is cut into tasks, which this thread and
 * its helpers look at, and what they find is taken in the order of the log.
 */
export class ScanLead<Found> {
  readonly #work: ScanWork<Found>;
  readonly #files: ScanFiles;
  readonly #rest: RestTime;
  readonly #crew: Crew<Found>;
  readonly #send: (message: FromScan) => void;
  readonly #ahead: ReadAhead<Found>;
  #helpers: TaskTaker<Found>[] = [];
  #mayCall: number;
  #marks: LogMark[] = [logStart];
  #nextMark = 1;
  #end: LogMark = logStart;
  /** Everything before was made a task. */
  #cutTo: LogMark = logStart;
  /** Everything before was taken. */
  #done: LogMark = logStart;
  /** Those that were not taken yet, in the order of the log. */
  #tasks: ScanTask<Found>[] = [];
  /** What this thread looks at next. */
  #own: { readonly task: ScanTask<Found>; readonly read: Promise<Look<Found>> } | undefined;
  #failure: string | undefined;
  #silent: NodeJS.Timeout | undefined;
  #busy = false;

  constructor({ work, buffers, files, rest, crew, send }: ScanLeadDeps<Found>) {
    this.#work = work;
    this.#ahead = new ReadAhead(work, buffers);
    this.#files = files;
    this.#rest = rest;
    this.#crew = crew;
    this.#mayCall = crew.helpers;
    this.#send = send;
  }

  grow(message: Extract<ToScan, { readonly kind: 'marks' }>): void {
    this.#files.paths = message.files;
    this.#files.nodes = message.nodes;
    this.#marks.push(...message.marks);
    this.#end = message.end;
    clearTimeout(this.#silent);
    if (!this.#busy && this.#failure === undefined) {
      this.#busy = true;
      void this.#run();
    }
  }

  /** For so long, in ms, nothing is looked at. */
  rest(ms: number): void {
    this.#rest.rest(ms);
    for (const helper of this.#helpers) {
      helper.rest(ms);
    }
  }

  async #run(): Promise<void> {
    try {
      while (this.#cutTo !== this.#end || this.#tasks.length > 0) {
        this.#callHelpers();
        this.#giveTasks();
        await this.#rest.over();
        await this.#step();
      }
      this.#work.flush();
      this.#send({ kind: 'caughtUp', scanned: this.#done.line });
      this.#silent = setTimeout(() => {
        this.#work.finish();
      }, silence);
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
      this.#send({ kind: 'problem', message: this.#failure });
    } finally {
      this.#dismissHelpers();
      this.#busy = false;
    }
  }

  /** Takes what was found first, or looks at something. */
  async #step(): Promise<void> {
    if (this.#failure !== undefined) {
      throw new Error(this.#failure);
    }
    const [first] = this.#tasks;
    if (first?.result !== undefined) {
      this.#tasks.shift();
      await this.#take(first, first.result.found);
    } else if (this.#own !== undefined) {
      const { task, read } = this.#own;
      const look = await read;
      this.#own = undefined;
      this.#giveTasks(task);
      await this.#rest.over();
      if (task.result === undefined) {
        const { found } = await look();
        task.result ??= { found };
      }
    }
  }

  async #take({ from, to, voids }: ScanTask<Found>, found: Found): Promise<void> {
    if (voids !== null) {
      this.#work.flush();
      this.#send({ kind: 'resumed', line: voids });
    }
    await this.#work.take(found, from, to);
    this.#done = to;
  }

  /**
   * To this thread the next one, too, or the first that a helper has not done: rather than wait it looks for itself. So a helper that is
   * slow, or lost, holds up nothing. `current`: what this thread is about to look at.
   */
  #giveTasks(current?: ScanTask<Found>): void {
    if (this.#own === undefined) {
      const task = this.#nextTask() ?? this.#tasks.find((one) => one !== current && one.result === undefined);
      if (task !== undefined) {
        this.#own = { task, read: this.#ahead.read(task) };
      }
    }
    for (const helper of this.#helpers) {
      while (helper.isReady && helper.tasks.length < tasksEach) {
        const next = this.#nextTask();
        if (next === undefined) {
          return;
        }
        helper.give(next, this.#files.paths, this.#files.nodes);
      }
    }
  }

  /** undefined when there is none as yet, or too many results wait already. */
  #nextTask(): ScanTask<Found> | undefined {
    if (this.#cutTo === this.#end || this.#tasks.length >= resultsEach * (this.#helpers.length + 1)) {
      return undefined;
    }
    const from = resumed(this.#cutTo);
    const voids = this.#cutTo.isAtRest === true ? from.line : null;
    this.#cutTo = this.#nextCut();
    const task = { from, to: this.#cutTo, voids };
    this.#tasks.push(task);
    return task;
  }

  /** Some blocks further, or the end of the log. */
  #nextCut(): LogMark {
    if (this.#nextMark >= this.#marks.length) {
      return this.#end;
    }
    const last = unitEnd(this.#marks, this.#nextMark - 1);
    const mark = this.#marks[Math.min(last, this.#marks.length - 1)] ?? this.#end;
    this.#nextMark = last + 1;
    return mark;
  }

  #callHelpers(): void {
    if (this.#helpers.length > 0 || sizeBetween(this.#cutTo, this.#end) < this.#crew.worthHelp) {
      return;
    }
    while (this.#helpers.length < this.#mayCall) {
      try {
        const helper = this.#crew.call({
          failed: (reason) => {
            this.#failure ??= reason;
          },
          lost: () => {
            this.#mayCall = 0;
            this.#helpers = this.#helpers.filter((one) => one !== helper);
          },
        });
        this.#helpers.push(helper);
      } catch {
        // The system gives no more threads.
        this.#mayCall = this.#helpers.length;
      }
    }
  }

  #dismissHelpers(): void {
    for (const helper of this.#helpers) {
      helper.dispose();
    }
    this.#helpers = [];
  }
}
