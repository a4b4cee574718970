import { setTimeout as delay } from 'node:timers/promises';
import type { Storage } from '../storage/storage.ts';
import { artifactContainer, artifactPrefix } from '../world.ts';

/** Storage takes no more in one block of an append blob. */
const largestBlock = 4_194_304;

/** What a run's machines have written, as append blobs of the workspace. */
export class JobLogs {
  readonly #storage: Storage;
  readonly #prefix: string;
  readonly #flushMs: number;
  /** Not written yet, by path. */
  #waiting = new Map<string, Buffer[]>();
  #writing: Promise<void> = Promise.resolve();
  #isScheduled = false;
  readonly #paths = new Set<string>();
  /** Nothing more reaches storage: the machines or their network are gone. */
  isLost = false;

  constructor(storage: Storage, job: string, flushMs: number) {
    this.#storage = storage;
    this.#prefix = artifactPrefix(job);
    this.#flushMs = flushMs;
  }

  /** Those that are in storage. */
  get paths(): readonly string[] {
    return [...this.#paths].toSorted();
  }

  blobName(path: string): string {
    return `${this.#prefix}/${path}`;
  }

  write(path: string, bytes: Buffer | string): void {
    if (this.isLost) {
      return;
    }
    this.#waiting.set(path, [...(this.#waiting.get(path) ?? []), Buffer.from(bytes)]);
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      void delay(this.#flushMs).then(() => {
        this.#isScheduled = false;
        this.#flush();
      });
    }
  }

  /** Resolves when all that was written is in storage. */
  async drain(): Promise<void> {
    while (this.#waiting.size > 0 && !this.isLost) {
      this.#flush();
      await this.#writing;
    }
    await this.#writing;
  }

  /** The run begins anew on other machines: its files are made again. */
  async beginAnew(): Promise<void> {
    await this.drain();
    const container = this.#storage.container(artifactContainer);
    for (const path of this.#paths) {
      await container.getAppendBlobClient(this.blobName(path)).deleteIfExists();
    }
    this.#paths.clear();
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    this.#writing = this.#writing.then(async () => this.#append(waiting)).catch(() => undefined);
  }

  async #append(waiting: ReadonlyMap<string, readonly Buffer[]>): Promise<void> {
    for (const [path, pieces] of waiting) {
      const blob = this.#storage.container(artifactContainer).getAppendBlobClient(this.blobName(path));
      if (!this.#paths.has(path)) {
        await blob.createIfNotExists({ blobHTTPHeaders: { blobContentType: 'text/plain' } });
        this.#paths.add(path);
      }
      const bytes = Buffer.concat(pieces);
      for (let at = 0; at < bytes.length; at += largestBlock) {
        const block = bytes.subarray(at, at + largestBlock);
        await blob.appendBlock(block, block.length);
      }
    }
  }
}
