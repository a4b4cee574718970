import * as z from 'zod/mini';
import { isProviderError } from '../../../core/providerError.ts';
import type { GoogleAccess } from '../client/access.ts';
import { apiError } from '../client/apiError.ts';

export interface LogPage {
  readonly entries: readonly unknown[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export interface TailAnswer {
  readonly entries: readonly unknown[];
  /** How many entries were left out before these, and the service's words for why. */
  readonly suppressed: readonly { readonly count: number; readonly reason: string }[];
}

/** Where log entries of a project come from. */
export interface LogSource {
  /** One request. Oldest entries first. */
  list(filter: string, pageToken: string, signal: AbortSignal): Promise<LogPage>;
  /** What comes from now on, until the signal or the service ends it. */
  tail(filter: string, signal: AbortSignal): AsyncIterable<TailAnswer>;
}

/** The most that Cloud Logging gives in one page. */
const pageSize = 1000;
/** The service puts entries in order of time that come within this, in s. */
const bufferSeconds = 2;
/** A session may last an hour. */
const sessionMs = 3_540_000;

const tailSchema = z.object({
  entries: z.optional(z.nullable(z.array(z.unknown()))),
  suppressionInfo: z.optional(
    z.nullable(
      z.array(
        z.object({
          reason: z.optional(z.nullable(z.union([z.string(), z.number()]))),
          suppressedCount: z.optional(z.nullable(z.number())),
        }),
      ),
    ),
  ),
});

/** Cloud Logging through the vendor's client. */
export function cloudLogging(access: GoogleAccess): LogSource {
  const resourceNames = [`projects/${access.project}`];
  return {
    list: async (filter, pageToken, signal) =>
      access.call(signal, async () => {
        const request = { resourceNames, filter, orderBy: 'timestamp asc', pageSize, pageToken };
        // Whoever follows a log tries again; the client would use up the project's requests of the minute.
        const options = { ...(await access.callOptions(signal)), autoPaginate: false, retry: { retryCodes: [] } };
        const [entries, , answer] = await access.logging().listLogEntries(request, options);
        return { entries, nextPageToken: answer?.nextPageToken ?? '' };
      }),
    tail: (filter, signal) => tail(access, { resourceNames, filter, bufferWindow: { seconds: bufferSeconds } }, signal),
  };
}

async function* tail(access: GoogleAccess, request: object, signal: AbortSignal): AsyncGenerator<TailAnswer, void> {
  const stream = access.logging().tailLogEntries(await access.callOptions(signal, sessionMs));
  // What comes after nobody listens any more.
  stream.on('error', () => undefined);
  const stop = (): void => stream.cancel();
  signal.addEventListener('abort', stop, { once: true });
  try {
    stream.write(request);
    for await (const raw of stream) {
      const answer = z.parse(tailSchema, raw);
      yield {
        entries: answer.entries ?? [],
        suppressed: (answer.suppressionInfo ?? []).map(({ reason, suppressedCount }) => ({
          count: suppressedCount ?? 0,
          reason: String(reason ?? ''),
        })),
      };
    }
  } catch (error) {
    signal.throwIfAborted();
    throw isProviderError(error) ? error : apiError(error, access.project);
  } finally {
    signal.removeEventListener('abort', stop);
    stream.cancel();
  }
}
