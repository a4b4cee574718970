import type { FileHandle } from 'node:fs/promises';

/** Files that are opened when they are first asked for and stay open, but no more than `most` at once. */
export class OpenFiles<File extends FileHandle | undefined> {
  readonly #openFile: (path: string) => Promise<File>;
  readonly #most: number;
  /** The least recently used first. */
  readonly #open = new Map<string, NonNullable<File>>();

  /** `openFile` may say that there is none. */
  constructor(openFile: (path: string) => Promise<File>, most: number) {
    this.#openFile = openFile;
    this.#most = most;
  }

  /** Rejects with what `openFile` rejects with. */
  async get(path: string): Promise<File> {
    const known = this.#open.get(path);
    const file = known ?? (await this.#openFile(path));
    if (file === undefined) {
      return file;
    }
    const raced = known === undefined ? this.#open.get(path) : undefined;
    if (raced !== undefined) {
      await file.close();
      return raced;
    }
    this.#open.delete(path);
    this.#open.set(path, file);
    const [oldest] = this.#open;
    if (this.#open.size > this.#most && oldest !== undefined) {
      this.#open.delete(oldest[0]);
      await oldest[1].close();
    }
    return file;
  }

  /** They are opened again when they are asked for. */
  async close(): Promise<void> {
    const files = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(files.map(async (file) => await file.close()));
  }
}
