import * as z from 'zod/mini';
import type { Json, JsonObject } from '../../../src/core/provider.ts';
import { closedQueue } from './jobOptions.ts';

/** What the backend says of a request that it is only shown. */
export function judge(spec: Json, startsAt: number | null): JsonObject {
  const parsed = z.safeParse(z.object({ options: z.optional(z.record(z.string(), z.string())) }), spec);
  const queue = parsed.success ? parsed.data.options?.['queue'] : undefined;
  return queue === closedQueue
    ? {
        accepted: false,
        explanation: `the queue ${queue} takes no jobs`,
        expectedStartAt: null,
        raw: `9 FAILED_PRECONDITION: queue ${queue} is CLOSED`,
      }
    : {
        accepted: true,
        explanation: 'the request is sound and would be queued',
        expectedStartAt: startsAt,
        raw: 'OK (validate_only)',
      };
}
