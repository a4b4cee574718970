import { ReadAhead } from './readAhead.ts';
import type { RestTime } from './restTime.ts';
import type { ScanFiles } from './scanFiles.ts';
import type { FromHelper, ToHelper } from './scanMessages.ts';
import type { Look, ScanWork } from './scanWork.ts';

type Task = Extract<ToHelper, { readonly kind: 'look' }>;

export interface ScanHelpDeps<Found> {
  readonly work: ScanWork<Found>;
  /** One is filled while the other is looked at. */
  readonly buffers: readonly [Buffer, Buffer];
  readonly files: ScanFiles;
  readonly rest: RestTime;
  readonly send: (message: FromHelper<Found>, transfer: readonly ArrayBuffer[]) => void;
}

/** Looks at the stretches of a log that another thread hands out, one after another. */
export class ScanHelp<Found> {
  readonly #deps: ScanHelpDeps<Found>;
  readonly #tasks: Task[] = [];
  readonly #ahead: ReadAhead<Found>;
  #busy = false;

  constructor(deps: ScanHelpDeps<Found>) {
    this.#deps = deps;
    this.#ahead = new ReadAhead(deps.work, deps.buffers);
  }

  look(task: Task): void {
    this.#deps.files.paths = task.files;
    this.#deps.files.nodes = task.nodes;
    this.#tasks.push(task);
    if (!this.#busy) {
      this.#busy = true;
      void this.#run();
    }
  }

  /** For so long, in ms, nothing is looked at. */
  rest(ms: number): void {
    this.#deps.rest.rest(ms);
  }

  async #run(): Promise<void> {
    const { rest, send } = this.#deps;
    try {
      let next = this.#read();
      while (next !== undefined) {
        const look = await next;
        next = this.#read();
        await rest.over();
        const { found, transfer } = await look();
        send({ kind: 'found', found }, transfer);
        next ??= this.#read();
      }
    } catch (error) {
      send({ kind: 'problem', message: error instanceof Error ? error.message : String(error) }, []);
    } finally {
      this.#busy = false;
    }
  }

  /** What comes next; undefined when there is nothing as yet. */
  #read(): Promise<Look<Found>> | undefined {
    const task = this.#tasks.shift();
    return task === undefined ? undefined : this.#ahead.read(task);
  }
}
