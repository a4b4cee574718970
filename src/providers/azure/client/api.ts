import * as z from 'zod/mini';
import type { Clock } from '../../../core/ports.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { AzureCloud } from '../cloud.ts';
import { ApiError } from './apiError.ts';
import type { Credential } from './credential.ts';
import { type HttpRequest, retryAfterOf, send } from './http.ts';

/** Newest stable version whose fields are all used here and served by every region. */
export const apiVersion = '2025-12-01';

export interface ApiOptions {
  readonly cloud: AzureCloud;
  readonly credential: Credential;
  readonly apiVersion: string | undefined;
  readonly clock: Clock;
}

export interface CallOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Left out: the pinned version of Azure ML. */
  readonly version?: string;
}

export interface Answer {
  readonly status: number;
  /** Parsed JSON; null where there was no body. */
  readonly body: unknown;
  /** When it was sent, by Azure's clock; null where it does not say. */
  readonly date: number | null;
}

const pageSchema = z.object({ value: z.array(z.unknown()), nextLink: z.nullish(z.string()) });

/** A list that goes on for more pages than this goes round in a circle. */
const mostPages = 1000;

/** Azure Resource Manager, which Azure ML's control plane is part of. */
export class AzureApi {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** `path` from the subscription on. Rejects with an ApiError when Azure refuses. */
  async call(method: HttpRequest['method'], path: string, options: CallOptions, signal: AbortSignal): Promise<Answer> {
    const url = new URL(this.#options.cloud.resourceManager + path);
    url.searchParams.set('api-version', options.version ?? this.#options.apiVersion ?? apiVersion);
    for (const [name, value] of Object.entries(options.query ?? {})) {
      url.searchParams.set(name, value);
    }
    return this.callUrl(method, url.href, options, signal);
  }

  async get(path: string, signal: AbortSignal, options: CallOptions = {}): Promise<unknown> {
    return (await this.call('GET', path, options, signal)).body;
  }

  /** Page after page of a list. */
  async *pages(path: string, options: CallOptions, signal: AbortSignal): AsyncGenerator<readonly unknown[], void> {
    let answer = await this.call('GET', path, options, signal);
    for (let page = 1; ; page++) {
      const parsed = z.safeParse(pageSchema, answer.body);
      if (!parsed.success) {
        throw new ProviderError('transient', 'Azure answered with something that is no list.', {
          raw: JSON.stringify(answer.body)?.slice(0, 2000) ?? '',
        });
      }
      yield parsed.data.value;
      const next = parsed.data.nextLink ?? '';
      if (next === '' || page >= mostPages) {
        return;
      }
      this.#refuseElsewhere(next);
      answer = await this.callUrl('GET', next, options, signal);
    }
  }

  async list(path: string, signal: AbortSignal, options: CallOptions = {}): Promise<readonly unknown[]> {
    const all: unknown[] = [];
    for await (const page of this.pages(path, options, signal)) {
      all.push(...page);
    }
    return all;
  }

  /** Any URL of Azure's that takes a token for Resource Manager, such as the run history's. Signs in anew once when it is refused. */
  async callUrl(
    method: HttpRequest['method'],
    url: string,
    options: CallOptions,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { clock, credential, cloud } = this.#options;
    for (let isSecond = false; ; isSecond = true) {
      const { token } = await credential.token(cloud.armScope, signal);
      const response = await send(
        {
          method,
          url,
          headers: {
            accept: 'application/json',
            ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
            ...options.headers,
            authorization: `Bearer ${token}`,
          },
          ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        },
        signal,
      );
      const text = response.bodyAsText ?? '';
      if (response.status >= 200 && response.status < 300) {
        const date = Date.parse(response.headers.get('date') ?? '');
        return { status: response.status, body: parseJson(text), date: Number.isNaN(date) ? null : date };
      }
      if (response.status === 401) {
        credential.drop(token);
        if (!isSecond) {
          continue;
        }
      }
      const { pathname } = new URL(url);
      const retryAfterMs = retryAfterOf(response, clock.now());
      throw new ApiError({
        method,
        path: pathname,
        status: response.status,
        body: text,
        retryAfterMs,
        signIn: credential.remedy,
      });
    }
  }

  /** A token must not go to whatever host a list names. */
  #refuseElsewhere(next: string): void {
    const here = new URL(this.#options.cloud.resourceManager);
    if (!URL.canParse(next) || new URL(next).origin !== here.origin) {
      throw new ProviderError('invalid', 'Azure’s list goes on at an address that is not Azure’s.', { raw: next });
    }
  }
}

function parseJson(text: string): unknown {
  if (text.trim() === '') {
    return null;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new ProviderError('transient', 'Azure answered with something that is no JSON.', {
      raw: text.slice(0, 2000),
    });
  }
}
