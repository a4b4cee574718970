import type { Bucket as NativeBucket, File } from '@google-cloud/storage';
import * as z from 'zod/mini';
import type { EpochMs } from '../../../core/job.ts';
import type { GoogleAccess } from './access.ts';
import { hasCode } from './apiError.ts';

export interface StoredObject {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAt: EpochMs | null;
}

export interface ReadText {
  readonly text: string;
  /** Of this content: another one has another. */
  readonly generation: string;
  /** How long it has been there by the clock of Cloud Storage, in ms. */
  readonly ageMs: number;
}

const metadataSchema = z.object({
  name: z.string(),
  generation: z.union([z.string(), z.number()]),
  size: z.union([z.string(), z.number()]),
  updated: z.optional(z.string()),
});

/** What is written in parts, so that a broken connection costs little. */
const resumableFrom = 8 * 1024 * 1024;
/** Uploads of large files take their time; the signal ends them before. */
const chunkBytes = 8 * 1024 * 1024;

/** Objects of one bucket. Every method rejects with the signal's reason or a ProviderError. */
export class Bucket {
  readonly name: string;
  readonly #access: GoogleAccess;

  constructor(access: GoogleAccess, name: string) {
    this.#access = access;
    this.name = name;
  }

  async exists(object: string, signal: AbortSignal): Promise<boolean> {
    return (await this.generation(object, signal)) !== null;
  }

  /** Of what is there now; null when nothing is. */
  async generation(object: string, signal: AbortSignal): Promise<string | null> {
    const found = await this.#orMissing(signal, async () => this.#file(object).getMetadata());
    return found === null ? null : String(z.parse(metadataSchema, found[0]).generation);
  }

  /**
   * Makes an object unless there is one (`generation` null), or replaces exactly that content of it. Resolves to the new
   * generation, or to null when something else is there.
   */
  async write(object: string, text: string, generation: string | null, signal: AbortSignal): Promise<string | null> {
    return this.#unlessTaken(signal, async () => {
      const file = this.#file(object);
      await file.save(Buffer.from(text), {
        resumable: false,
        validation: 'crc32c',
        preconditionOpts: { ifGenerationMatch: generation ?? 0 },
      });
      return String(z.parse(metadataSchema, file.metadata).generation);
    });
  }

  /** Makes or replaces an object. */
  async put(object: string, text: string, signal: AbortSignal): Promise<void> {
    await this.#do(signal, async () =>
      this.#file(object).save(Buffer.from(text), { resumable: false, validation: 'crc32c' }),
    );
  }

  /** Makes an object of a file's bytes unless there is one. `onSent` is told how many bytes of it have gone. */
  async upload(
    object: string,
    path: string,
    bytes: number,
    onSent: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#unlessTaken(signal, async () => {
      const isLarge = bytes >= resumableFrom;
      const destination = this.#file(object);
      if (isLarge) {
        // At another endpoint than Google's own the SDK leaves the token out of uploads in parts.
        const token = Object.fromEntries(await this.#access.signIn.getRequestHeaders());
        destination.interceptors.push({
          request: (options: { readonly headers?: object }) =>
            Object.assign(options, { headers: { ...options.headers, ...token } }),
        } as unknown as File['interceptors'][number]);
      }
      await this.#native().upload(path, {
        destination,
        resumable: isLarge,
        ...(isLarge ? { chunkSize: chunkBytes } : {}),
        validation: 'crc32c',
        preconditionOpts: { ifGenerationMatch: 0 },
        onUploadProgress: (event: unknown) => onSent(z.safeParse(progressSchema, event).data?.bytesWritten ?? 0),
      });
      return '';
    });
  }

  /** null when it is not there. */
  async read(object: string, signal: AbortSignal): Promise<ReadText | null> {
    return this.#orMissing(signal, async () => {
      const file = this.#file(object);
      const [metadata, response] = await file.getMetadata();
      const { generation, updated } = z.parse(metadataSchema, metadata);
      const [content] = await this.#file(object, generation).download({ validation: false });
      const now = Date.parse(dateOf(response));
      const ageMs = Number.isNaN(now) || updated === undefined ? 0 : Math.max(0, now - Date.parse(updated));
      return { text: content.toString('utf8'), generation: String(generation), ageMs };
    });
  }

  async list(prefix: string, signal: AbortSignal): Promise<readonly StoredObject[]> {
    const found: StoredObject[] = [];
    let pageToken: string | undefined;
    do {
      const [files, next] = await this.#do(signal, async () =>
        this.#native().getFiles({
          prefix,
          autoPaginate: false,
          maxResults: 1000,
          ...(pageToken === undefined ? {} : { pageToken }),
        }),
      );
      found.push(...files.flatMap(({ metadata }) => storedObject(metadata)));
      pageToken = z.safeParse(z.object({ pageToken: z.string() }), next).data?.pageToken;
    } while (pageToken !== undefined);
    return found;
  }

  /** Only that content of it when a generation is given. Resolves to whether it was there. */
  async remove(object: string, signal: AbortSignal, generation?: string): Promise<boolean> {
    try {
      await this.#do(signal, async () =>
        this.#file(object).delete(generation === undefined ? {} : { ifGenerationMatch: generation }),
      );
      return true;
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND', 'FAILED_PRECONDITION')) {
        return false;
      }
      throw error;
    }
  }

  /** The bytes of an object. Not by the SDK, whose streams outlive whoever reads them. */
  stream(object: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const path = `/storage/v1/b/${encodeURIComponent(this.name)}/o/${encodeURIComponent(object)}?alt=media`;
    return this.#access.restBytes({ api: 'storage', path }, signal);
  }

  /** Rejects when the bucket may not be listed. */
  async probe(signal: AbortSignal): Promise<void> {
    await this.#do(signal, async () => this.#native().getFiles({ autoPaginate: false, maxResults: 1 }));
  }

  /** What time it is by the clock of Cloud Storage, whatever this machine's says; null when there is no such object to ask about. */
  async now(object: string, signal: AbortSignal): Promise<EpochMs | null> {
    const found = await this.#orMissing(signal, async () => this.#file(object).getMetadata());
    const now = Date.parse(dateOf(found?.[1]));
    return Number.isNaN(now) ? null : now;
  }

  async #orMissing<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | null> {
    try {
      return await this.#do(signal, work);
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND')) {
        return null;
      }
      throw error;
    }
  }

  async #unlessTaken<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | null> {
    try {
      return await this.#do(signal, work);
    } catch (error) {
      if (hasCode(error, 'FAILED_PRECONDITION')) {
        return null;
      }
      throw error;
    }
  }

  async #do<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#access.call(signal, work);
  }

  #native(): NativeBucket {
    return this.#access.storage().bucket(this.name);
  }

  #file(object: string, generation?: string | number): File {
    return this.#native().file(object, generation === undefined ? {} : { generation });
  }
}

const progressSchema = z.object({ bytesWritten: z.number() });

/** Names that end with a slash stand for folders. */
function storedObject(metadata: unknown): readonly StoredObject[] {
  const parsed = z.safeParse(metadataSchema, metadata).data;
  if (parsed === undefined || parsed.name.endsWith('/')) {
    return [];
  }
  const modifiedAt = Date.parse(parsed.updated ?? '');
  return [{ name: parsed.name, bytes: Number(parsed.size), modifiedAt: Number.isNaN(modifiedAt) ? null : modifiedAt }];
}

/** When Cloud Storage answered, by its own clock. */
function dateOf(response: unknown): string {
  const headers = z.safeParse(z.object({ headers: z.unknown() }), response).data?.headers;
  if (headers instanceof Headers) {
    return headers.get('date') ?? '';
  }
  return z.safeParse(z.object({ date: z.string() }), headers).data?.date ?? '';
}
