import type { FileHandle } from 'node:fs/promises';

interface Opened {
  readonly file: FileHandle;
  users: number;
  /** Stays open when nobody uses it. */
  isKept: boolean;
}

/** Files that are opened when they are first needed and stay open, but no more than `most` at once, not counting those in use. */
export class OpenFiles<File extends FileHandle | undefined> {
  readonly #openFile: (path: string) => Promise<File>;
  readonly #most: number;
  /** The least recently used first. */
  readonly #kept = new Map<string, Opened & { readonly file: NonNullable<File> }>();
  /** What was begun to be opened before a round ended is not kept in the next. */
  #round = 0;
  #isEnded = false;

  /** `openFile` may say that there is none. */
  constructor(openFile: (path: string) => Promise<File>, most: number) {
    this.#openFile = openFile;
    this.#most = most;
  }

  /** Does something with a file, which stays open meanwhile. Rejects with what `openFile` and `work` reject with. */
  async use<T>(path: string, work: (file: File) => Promise<T>): Promise<T> {
    const round = this.#round;
    const known = this.#kept.get(path);
    const file = known?.file ?? (await this.#openFile(path));
    if (file === undefined) {
      return await work(file);
    }
    const isKept = !this.#isEnded && round === this.#round && !this.#kept.has(path);
    const opened = known ?? { file, users: 0, isKept };
    opened.users += 1;
    try {
      if (opened.isKept) {
        await this.#keep(path, opened);
      }
      return await work(opened.file);
    } finally {
      opened.users -= 1;
      await closeUnused(opened);
    }
  }

  /** As the one that was used last. */
  async #keep(path: string, opened: Opened & { readonly file: NonNullable<File> }): Promise<void> {
    this.#kept.delete(path);
    this.#kept.set(path, opened);
    const [oldest] = this.#kept;
    if (this.#kept.size > this.#most && oldest !== undefined) {
      this.#kept.delete(oldest[0]);
      await letGo(oldest[1]);
    }
  }

  /** Closes what nobody uses, and the rest as soon as nobody does. Files are opened again when they are needed. */
  async close(): Promise<void> {
    this.#round += 1;
    const all = [...this.#kept.values()];
    this.#kept.clear();
    await Promise.all(all.map(letGo));
  }

  /** As `close`; from now on files are open only while they are used. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await this.close();
  }
}

async function letGo(opened: Opened): Promise<void> {
  opened.isKept = false;
  await closeUnused(opened);
}

async function closeUnused({ file, users, isKept }: Opened): Promise<void> {
  if (users === 0 && !isKept) {
    await file.close();
  }
}
