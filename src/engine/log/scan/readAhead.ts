import type { LogMark } from '../lineReplay.ts';
import type { Look, ScanWork } from './scanWork.ts';

/** Reads stretches of a log, the next one while the last is still looked at: one buffer is filled while the other is in use. */
export class ReadAhead<Found> {
  readonly #work: Pick<ScanWork<Found>, 'read'>;
  readonly #buffers: readonly [Buffer, Buffer];
  #buffer: 0 | 1 = 0;

  constructor(work: Pick<ScanWork<Found>, 'read'>, buffers: readonly [Buffer, Buffer]) {
    this.#work = work;
    this.#buffers = buffers;
  }

  /** Rejects with the system's error, which is nobody's before somebody waits for it. */
  read({ from, to }: { readonly from: LogMark; readonly to: LogMark }): Promise<Look<Found>> {
    this.#buffer = this.#buffer === 0 ? 1 : 0;
    const read = this.#work.read(from, to, this.#buffers[this.#buffer]);
    read.catch(() => undefined);
    return read;
  }
}
