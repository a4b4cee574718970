import * as z from 'zod/mini';

import type { KeyValue } from '../../core/ports.ts';
import type { MetricsSettings } from '../../protocol/metricsView.ts';

const key = 'view';
const mostNames = 1_000;
const names = z.array(z.string().check(z.maxLength(1_000))).check(z.maxLength(mostNames));

/** Greatest smoothing there is. */
export const mostSmoothing = 0.99;

export const metricsSettings = z.object({
  hidden: names,
  logScale: names,
  smoothing: z.number().check(z.minimum(0), z.maximum(mostSmoothing)),
});

const initial: MetricsSettings = { hidden: [], logScale: [], smoothing: 0 };

/** What was set in the workspace before; what is damaged is as at first. */
export function recallMetricsSettings(memory: KeyValue): MetricsSettings {
  try {
    const parsed = metricsSettings.safeParse(JSON.parse(memory.get(key) ?? 'null'));
    return parsed.success ? parsed.data : initial;
  } catch {
    return initial;
  }
}

export async function rememberMetricsSettings(memory: KeyValue, settings: MetricsSettings): Promise<void> {
  await memory.set(key, JSON.stringify(settings));
}
