import * as z from 'zod/mini';
import type { Json } from '../../../src/core/provider.ts';
import { ProviderError, isProviderError, providerErrorTags } from '../../../src/core/providerError.ts';
import type { ScriptedCloud } from './cloud.ts';
import { type CallOperation, ConnectionLost, type Operation, type StreamOperation } from './fault.ts';

/** How a connection reaches its cloud. Rejects with a ProviderError or with the signal's reason. */
export interface Transport {
  call(operation: CallOperation, body: Json, signal: AbortSignal): Promise<Json>;
  stream(operation: StreamOperation, body: Json, signal: AbortSignal): AsyncIterable<Json>;
}

const errorSchema = z.object({
  tag: z.enum([...providerErrorTags]),
  message: z.string(),
  raw: z.optional(z.string()),
  remedy: z.optional(z.string()),
  retryAfterMs: z.optional(z.number()),
});

const json: z.ZodMiniType<Json> = z.json();

/** The last line of a stream over HTTP: without it, the stream was cut. */
export const streamEnd = 'end';

/** To a cloud in the same process. */
export function directTransport(cloud: ScriptedCloud): Transport {
  return {
    call: async (operation, body, signal) =>
      cloud.call(operation, body, signal).catch((error: unknown) => {
        throw lost('the backend', error, signal);
      }),
    async *stream(operation, body, signal) {
      try {
        yield* cloud.stream(operation, body, signal);
      } catch (error) {
        throw lost('the backend', error, signal);
      }
    },
  };
}

/** To a cloud behind an address, such as `http://127.0.0.1:4000`. */
export function httpTransport(url: string): Transport {
  const request = async (operation: Operation, body: Json, signal: AbortSignal): Promise<Response> => {
    const response = await fetch(`${url}/${operation}`, { method: 'POST', body: JSON.stringify(body), signal });
    if (!response.ok) {
      const { message, tag, raw, remedy, retryAfterMs } = z.parse(errorSchema, await response.json());
      throw new ProviderError(tag, message, {
        ...(raw === undefined ? {} : { raw }),
        ...(remedy === undefined ? {} : { remedy }),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
    }
    return response;
  };
  return {
    call: async (operation, body, signal) => {
      try {
        const response = await request(operation, body, signal);
        return z.parse(json, await response.json());
      } catch (error) {
        throw lost(url, error, signal);
      }
    },
    async *stream(operation, body, signal) {
      try {
        const response = await request(operation, body, signal);
        if (response.body !== null) {
          yield* items(response.body);
        }
      } catch (error) {
        throw lost(url, error, signal);
      }
    },
  };
}

async function* items(body: AsyncIterable<Uint8Array>): AsyncGenerator<Json> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === streamEnd) {
        return;
      }
      yield z.parse(json, JSON.parse(line));
    }
  }
  throw new ConnectionLost();
}

function lost(where: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) {
    return signal.reason;
  }
  if (isProviderError(error)) {
    return error;
  }
  // Only the cause of a failed fetch says what happened.
  const raw = String(error instanceof Error && error.cause instanceof Error ? error.cause : error);
  return new ProviderError('transient', `The connection to ${where} was lost.`, { raw, cause: error });
}
