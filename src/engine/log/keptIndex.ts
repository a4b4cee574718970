import type { LogIndex } from './logIndex.ts';
import type { LogSource } from './logSource.ts';
import { loadIndex, saveIndex } from './savedIndex.ts';

/** The index is saved whenever so much more is indexed, in bytes: what is read in a blink need not be. */
const saveEvery = 16 * 1024 * 1024;

/** Keeps the index of a log on disk between one look at it and the next. */
export class KeptIndex {
  readonly #file: string;
  readonly #index: LogIndex;
  readonly #source: LogSource;
  #savedBytes = 0;

  constructor(file: string, index: LogIndex, source: LogSource) {
    this.#file = file;
    this.#index = index;
    this.#source = source;
  }

  /** Takes up what was saved, if it is of this log. Rejects with the system's error. */
  async restore(): Promise<void> {
    const saved = await loadIndex(this.#file, this.#source.files);
    if (saved !== undefined) {
      await this.#index.restore(saved);
      this.#savedBytes = this.#index.bytes;
    }
  }

  /** Once in a while: without it the next look only takes longer, so a folder that cannot be written is no problem. */
  async save(): Promise<void> {
    if (this.#index.bytes - this.#savedBytes >= saveEvery) {
      this.#savedBytes = this.#index.bytes;
      await saveIndex(this.#file, this.#source.files, this.#index).catch(() => undefined);
    }
  }

  /** The log was written anew. */
  forget(): void {
    this.#savedBytes = 0;
  }
}
