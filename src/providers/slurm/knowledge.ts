import * as z from 'zod/mini';

import type { KeyValue } from '../../core/ports.ts';

/** How this cluster asks for an accelerator. */
const acceleratorRequest = z.object({
  /** Of `--gres`, without the count: `gpu:h100`, or `gpu` where the type is a feature. */
  gres: z.string().check(z.regex(/^[A-Za-z0-9_.:/+-]{1,100}$/u)),
  constraint: z.nullable(z.string().check(z.regex(/^[A-Za-z0-9_.:/+-]{1,100}$/u))),
});

const knowledgeSchema = z.object({
  /** By Aloft's name of the accelerator. */
  accelerators: z.record(z.string(), acceleratorRequest),
  /** Partitions whose jobs may be preempted. */
  preemptible: z.array(z.string()),
});

/** What was seen of the cluster when it was last looked at, for plans, which ask nobody. */
export type Knowledge = z.infer<typeof knowledgeSchema>;

const key = 'cluster';

export function recallKnowledge(keyValue: KeyValue): Knowledge {
  try {
    return z.parse(knowledgeSchema, JSON.parse(keyValue.get(key) ?? ''));
  } catch {
    return { accelerators: {}, preemptible: [] };
  }
}

export async function rememberKnowledge(keyValue: KeyValue, knowledge: Knowledge): Promise<void> {
  const text = JSON.stringify(knowledge);
  if (keyValue.get(key) !== text) {
    await keyValue.set(key, text);
  }
}
