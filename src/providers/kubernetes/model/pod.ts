import * as z from 'zod/mini';
import { annotation } from '../names.ts';
import { conditionsSchema, holds, metadataSchema } from './meta.ts';

const waiting = z.object({ reason: z.optional(z.string()), message: z.optional(z.string()) });
const running = z.object({ startedAt: z.optional(z.nullable(z.string())) });
const terminated = z.object({
  exitCode: z.number(),
  signal: z.optional(z.number()),
  reason: z.optional(z.string()),
  message: z.optional(z.string()),
  startedAt: z.optional(z.nullable(z.string())),
  finishedAt: z.optional(z.nullable(z.string())),
});

const containerStatus = z.object({
  name: z.string(),
  restartCount: z._default(z.number(), 0),
  state: z.optional(
    z.object({
      waiting: z.optional(z.nullable(waiting)),
      running: z.optional(z.nullable(running)),
      terminated: z.optional(z.nullable(terminated)),
    }),
  ),
});

export type ContainerStatus = z.infer<typeof containerStatus>;
export type Terminated = z.infer<typeof terminated>;

const statuses = z.optional(z.nullable(z.array(containerStatus)));

/** `v1` Pod as far as it matters here. */
export const podSchema = z.object({
  metadata: metadataSchema,
  spec: z._default(
    z.object({
      nodeName: z.optional(z.nullable(z.string())),
      schedulingGates: z.optional(z.nullable(z.array(z.object({ name: z.string() })))),
    }),
    {},
  ),
  status: z._default(
    z.looseObject({
      phase: z.optional(z.string()),
      reason: z.optional(z.string()),
      message: z.optional(z.string()),
      startTime: z.optional(z.nullable(z.string())),
      conditions: conditionsSchema,
      initContainerStatuses: statuses,
      containerStatuses: statuses,
    }),
    {},
  ),
});

export type Pod = z.infer<typeof podSchema>;

/** Names of the containers of our pods. */
export const container = { code: 'code', main: 'main', results: 'results' } as const;

export function statusOf(pod: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses, initContainerStatuses } = pod.status;
  return [...(containerStatuses ?? []), ...(initContainerStatuses ?? [])].find((status) => status.name === name);
}

export function endOf(pod: Pod, name: string): Terminated | null {
  return statusOf(pod, name)?.state?.terminated ?? null;
}

/** 0-based rank of the pod in its Job. */
export function indexOf(pod: Pod): number {
  const text = pod.metadata.annotations[annotation.index] ?? pod.metadata.labels[annotation.index] ?? '0';
  const index = Number(text);
  return Number.isInteger(index) && index >= 0 ? index : 0;
}

/** Nothing in it runs any more and nothing will. */
export function isOver(pod: Pod): boolean {
  return pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
}

/** Somebody or something took the pod away: its condition says who. */
export function disruption(pod: Pod): { readonly reason: string; readonly message: string } | null {
  const condition = holds(pod.status.conditions, 'DisruptionTarget');
  return condition === undefined ? null : { reason: condition.reason ?? '', message: condition.message ?? '' };
}
