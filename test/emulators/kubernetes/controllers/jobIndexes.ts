import type { Job, JobStatus, Pod } from '../objects/types.ts';

export const indexKey = 'batch.kubernetes.io/job-completion-index';

export function completionIndex({ metadata }: Pod): number | null {
  const text = metadata.annotations?.[indexKey];
  return text === undefined ? null : Number(text);
}

/** `1,3-5`: how a status writes a set of indexes. */
export function indexText(indexes: readonly number[]): string {
  const sorted = [...new Set(indexes)].toSorted((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const index of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === index - 1) {
      last[1] = index;
    } else {
      ranges.push([index, index]);
    }
  }
  return ranges
    .map(([from, to]) => (from === to ? `${from}` : to === from + 1 ? `${from},${to}` : `${from}-${to}`))
    .join(',');
}

export function parseIndexes(text = ''): number[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, offset) => from + offset);
    });
}

/** The lowest indexes that are neither done nor being worked on. */
export function wantedIndexes(job: Job, occupied: readonly Pod[], status: JobStatus, count: number): number[] {
  const taken = new Set([
    ...parseIndexes(status.completedIndexes),
    ...parseIndexes(status.failedIndexes),
    ...occupied.map(completionIndex),
  ]);
  return Array.from({ length: job.spec.completions ?? 0 }, (_, index) => index)
    .filter((index) => !taken.has(index))
    .slice(0, count);
}

/** Indexes that have failed more often than `backoffLimitPerIndex` lets them. */
export function failedIndexes({ spec }: Job, pods: readonly Pod[], status: JobStatus): number[] {
  const counts = new Map<number, number>();
  for (const pod of pods.filter((one) => one.status.phase === 'Failed')) {
    const index = completionIndex(pod) ?? -1;
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  const over = [...counts].filter(([, count]) => count > (spec.backoffLimitPerIndex ?? 0)).map(([index]) => index);
  return [...parseIndexes(status.failedIndexes), ...over];
}
