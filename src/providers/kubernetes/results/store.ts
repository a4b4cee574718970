import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { OutputFile } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';

const indexSchema = z.object({
  /** Of the job. */
  nodes: z.number(),
  /** Under which path a result is known, and in which file of this folder it is. */
  files: z.array(
    z.object({ path: z.string(), bytes: z.number(), modifiedAt: z.nullable(z.number()), stored: z.string() }),
  ),
});

const indexFile = 'index.json';

/** Results that were fetched from pods of ended jobs, on this machine, a folder for each attempt. */
export class ResultStore {
  readonly #folder: string;

  /** `folder`: absolute, of the connection's own. */
  constructor(folder: string) {
    this.#folder = join(folder, 'results');
  }

  async has(run: string): Promise<boolean> {
    return (await this.list(run)) !== null;
  }

  /** null when nothing was fetched. */
  async list(run: string): Promise<{ readonly nodes: number; readonly files: readonly OutputFile[] } | null> {
    const index = await this.#index(run);
    return index === null
      ? null
      : {
          nodes: index.nodes,
          files: index.files.map(({ path, bytes, modifiedAt }) => ({ path, bytes, modifiedAt })),
        };
  }

  async *read(run: string, path: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const file = (await this.#index(run))?.files.find((each) => each.path === path);
    if (file === undefined) {
      throw new ProviderError('notFound', `The job has no file "${path}".`);
    }
    yield* createReadStream(join(this.#folder, run, file.stored), { signal, highWaterMark: 262_144 });
  }

  /** Begins a set of results that appears as a whole, when it is complete, or not at all. */
  async begin(run: string, nodes: number): Promise<ResultWriter> {
    const unfinished = join(this.#folder, `${run}.${randomUUID()}.part`);
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    return new ResultWriter(unfinished, join(this.#folder, run), nodes);
  }

  async remove(run: string): Promise<void> {
    await rm(join(this.#folder, run), { recursive: true, force: true });
  }

  async #index(run: string): Promise<z.infer<typeof indexSchema> | null> {
    try {
      return z.parse(indexSchema, JSON.parse(await readFile(join(this.#folder, run, indexFile), 'utf8')));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        return null;
      }
      throw error;
    }
  }
}

/** Names of stored files are numbers: what a job calls its files never reaches the disk. */
export class ResultWriter {
  readonly #folder: string;
  readonly #target: string;
  readonly #nodes: number;
  readonly #files: z.infer<typeof indexSchema>['files'] = [];

  constructor(folder: string, target: string, nodes: number) {
    this.#folder = folder;
    this.#target = target;
    this.#nodes = nodes;
  }

  /** The file counts once `done` was called with all of its bytes there; `drop` leaves it out. */
  async file(file: OutputFile): Promise<{
    readonly write: (bytes: Uint8Array) => Promise<void>;
    readonly done: () => Promise<void>;
    readonly drop: () => Promise<void>;
  }> {
    const stored = String(this.#files.length);
    const path = join(this.#folder, stored);
    const handle = await open(path, 'wx', 0o600);
    let bytes = 0;
    return {
      write: async (chunk) => {
        bytes += chunk.length;
        await handle.writeFile(chunk);
      },
      done: async () => {
        await handle.close();
        this.#files.push({ ...file, bytes, stored });
      },
      drop: async () => {
        await handle.close();
        await rm(path);
      },
    };
  }

  async commit(): Promise<void> {
    await writeFile(join(this.#folder, indexFile), JSON.stringify({ nodes: this.#nodes, files: this.#files }), {
      mode: 0o600,
    });
    await rename(this.#folder, this.#target).catch(async (error: unknown) => {
      // Another window has fetched the same.
      const isThere =
        error instanceof Error && 'code' in error && /^(?:EEXIST|ENOTEMPTY|EPERM)$/u.test(String(error.code));
      await this.abandon();
      if (!isThere) {
        throw error;
      }
    });
  }

  async abandon(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
