import type { ObjectMeta, Pod } from '../objects/types.ts';

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
  propagationPolicy?: string;
  orphanDependents?: boolean;
}

const orphan = 'orphan';
const foreground = 'foregroundDeletion';

/** The finalizers of an object that is deleted, with those that the garbage collector waits for or not. */
export function collectorFinalizers(
  existing: readonly string[],
  options: DeleteOptions,
  orphansByDefault: boolean,
): string[] {
  const others = existing.filter((name) => name !== orphan && name !== foreground);
  const asked =
    options.propagationPolicy ??
    (options.orphanDependents === undefined ? undefined : options.orphanDependents ? 'Orphan' : 'Background');
  switch (asked) {
    case 'Orphan':
      return [...others, orphan];
    case 'Foreground':
      return [...others, foreground];
    case 'Background':
      return others;
    default:
      if (existing.includes(orphan) || existing.includes(foreground)) {
        return [...existing];
      }
      return orphansByDefault ? [...others, orphan] : others;
  }
}

export function setFinalizers(metadata: ObjectMeta, finalizers: string[]): void {
  if (finalizers.length > 0) {
    metadata.finalizers = finalizers;
  } else {
    delete metadata.finalizers;
  }
}

/** How long a pod that is deleted may go on, in s. */
export function graceSeconds(pod: Pod, options: DeleteOptions): number {
  const isOver = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
  if (isOver || pod.spec.nodeName === undefined) {
    return 0;
  }
  return options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
}
