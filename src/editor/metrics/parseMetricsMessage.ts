import * as z from 'zod/mini';

import type { MetricsToHost } from '../../protocol/metricsView.ts';
import { metricsSettings } from './metricsSettings.ts';

const id = z.string().check(z.maxLength(10_000));
const names = z.array(z.string().check(z.maxLength(1_000))).check(z.maxLength(1_000));

const message = z.discriminatedUnion('type', [
  z.object({ type: z.literal('metricsSet'), settings: metricsSettings }),
  z.object({ type: z.literal('metricsCompare') }),
  z.object({ type: z.literal('metricsRemove'), id }),
  z.object({ type: z.literal('metricsLine'), id, line: z.int().check(z.nonnegative()) }),
  z.object({ type: z.literal('metricsExport'), names: z.nullable(names) }),
  z.object({ type: z.literal('metricsAddPattern') }),
]);

/** A message from the curves of a panel, or undefined when it is none. */
export function parseMetricsMessage(unknown: unknown): MetricsToHost | undefined {
  const parsed = z.safeParse(message, unknown);
  return parsed.success ? parsed.data : undefined;
}
