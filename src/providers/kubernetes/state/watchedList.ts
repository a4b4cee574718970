import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import { ProviderError } from '../../../core/providerError.ts';
import type { KubeApi } from '../client/api.ts';
import { ApiError, hasStatus, statusSchema } from '../client/apiError.ts';
import { linesOf } from '../client/lines.ts';
import { listAll } from './listing.ts';

/** The server ends a watch by itself after this, in s; spread out so that many clients do not come back at once. */
const watchForSeconds = { least: 300, spread: 200 };
/** Bookmarks come about every minute. Silence for this long, in ms, means that nobody is there any more. */
const silentFor = 150_000;
/** A watch that ended sooner than this, in ms, is not begun anew at once. */
const tooSoon = 1_000;
/** Between two lists whose watches expire at once, in ms. */
const longestWait = 30_000;

const eventSchema = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
});

const versionSchema = z.object({ metadata: z.object({ resourceVersion: z.string() }) });

export interface Named {
  readonly name: string;
}

export interface WatchedListInput<T extends Named> {
  readonly api: KubeApi;
  readonly path: string;
  readonly labelSelector: string;
  /** null for what cannot be read. */
  readonly parse: (object: unknown) => T | null;
  /** After an item came, changed or went, and for each that a list held. */
  readonly onChange: (item: T) => void;
  /** After all items were listed and `onChange` was called for those that it had to be. */
  readonly onListed: () => void;
}

/** A collection kept up to date: a list first, then what changes. */
export class WatchedList<T extends Named> {
  readonly #input: WatchedListInput<T>;
  readonly #items = new Map<string, T>();
  #version = '';
  #isLive = false;

  constructor(input: WatchedListInput<T>) {
    this.#input = input;
  }

  /** What is said here is true now. */
  get isLive(): boolean {
    return this.#isLive;
  }

  get(name: string): T | undefined {
    return this.#items.get(name);
  }

  values(): Iterable<T> {
    return this.#items.values();
  }

  /** Takes over what an answer to a request of ours said, unless something newer is known. */
  put(item: T): void {
    if (!this.#items.has(item.name)) {
      this.#items.set(item.name, item);
    }
  }

  /** Runs until the signal ends it or the server cannot be asked; rejects with why. */
  async run(signal: AbortSignal): Promise<never> {
    let wait = tooSoon;
    try {
      for (;;) {
        const began = Date.now();
        await this.#list(signal);
        await this.#watchUntilExpired(signal);
        if (Date.now() - began > longestWait) {
          wait = tooSoon;
          continue;
        }
        // A server that never knows what happened since its own list is not asked in a hurry.
        await delay(wait, undefined, { signal }).catch(() => undefined);
        signal.throwIfAborted();
        wait = Math.min(longestWait, wait * 2);
      }
    } finally {
      this.#isLive = false;
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { api, path, labelSelector, parse, onChange, onListed } = this.#input;
    const listing = await listAll(api, path, { labelSelector }, signal);
    const items = (listing?.items ?? []).flatMap((item) => parse(item) ?? []);
    const before = new Map(this.#items);
    this.#items.clear();
    for (const item of items) {
      this.#items.set(item.name, item);
    }
    this.#version = listing?.resourceVersion ?? '';
    this.#isLive = true;
    // What happened while nobody watched.
    for (const item of [...items, ...[...before.values()].filter(({ name }) => !this.#items.has(name))]) {
      onChange(item);
    }
    onListed();
  }

  /** Resolves when the server no longer knows what happened since the newest event. */
  async #watchUntilExpired(signal: AbortSignal): Promise<void> {
    for (;;) {
      const began = Date.now();
      try {
        await this.#watchOnce(signal);
      } catch (error) {
        signal.throwIfAborted();
        if (hasStatus(error, 410)) {
          return;
        }
        // A connection that broke off is begun again where it was; a server that refuses is not asked in a hurry.
        if (error instanceof ApiError || Date.now() - began < tooSoon) {
          throw error;
        }
      }
      if (Date.now() - began < tooSoon) {
        await delay(tooSoon, undefined, { signal }).catch(() => undefined);
        signal.throwIfAborted();
      }
    }
  }

  async #watchOnce(signal: AbortSignal): Promise<void> {
    const { api, path, labelSelector } = this.#input;
    const silence = new AbortController();
    const either = AbortSignal.any([signal, silence.signal]);
    let timer = setTimeout(() => undefined, 0);
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        silence.abort(new ProviderError('transient', 'The cluster fell silent.'));
      }, silentFor);
      timer.unref();
    };
    heard();
    try {
      const chunks = api.stream(
        path,
        {
          watch: true,
          allowWatchBookmarks: true,
          labelSelector,
          resourceVersion: this.#version,
          timeoutSeconds: watchForSeconds.least + Math.floor(Math.random() * watchForSeconds.spread),
        },
        either,
      );
      for await (const line of linesOf(chunks)) {
        heard();
        this.#apply(line);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #apply(line: string): void {
    const event = z.safeParse(eventSchema, parseJson(line)).data;
    if (event === undefined) {
      throw new ProviderError('transient', 'The cluster sent something that is no event.', { raw: line.slice(0, 500) });
    }
    if (event.type === 'ERROR') {
      const status = z.safeParse(statusSchema, event.object).data;
      throw new ApiError({
        method: 'GET',
        path: this.#input.path,
        code: status?.code ?? 500,
        body: JSON.stringify(event.object),
        retryAfter: null,
      });
    }
    const version = z.safeParse(versionSchema, event.object).data?.metadata.resourceVersion;
    this.#version = version ?? this.#version;
    if (event.type === 'BOOKMARK') {
      return;
    }
    const item = this.#input.parse(event.object);
    if (item === null) {
      return;
    }
    if (event.type === 'DELETED') {
      this.#items.delete(item.name);
    } else {
      this.#items.set(item.name, item);
    }
    this.#input.onChange(item);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
