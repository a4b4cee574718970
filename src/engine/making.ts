import type { JobSpec } from '../core/jobSpec.ts';
import type { JournalEntry } from './jobReader.ts';
import type { NewJob } from './submissionRecords.ts';

/** What, beside its spec, a job is made with; noted in the first step of its journal. */
export type Making = Pick<NewJob, 'include' | 'interpreter' | 'askedDurationMs'>;

/** Reads it from the journal of a job's first attempt. A job that was found again at its provider has none. */
export function makingOf(journal: readonly JournalEntry[]): Making {
  const data = journal.find(({ step }) => step === 'created')?.data;
  const include = data?.['include'];
  const interpreter = data?.['interpreter'];
  const asked = data?.['askedDurationMs'];
  return {
    include: Array.isArray(include) ? include.filter((path) => typeof path === 'string') : [],
    interpreter: typeof interpreter === 'string' ? interpreter : null,
    ...(typeof asked === 'number' || asked === null ? { askedDurationMs: asked } : {}),
  };
}

/** The spec as it was asked for: what a cost limit made of its time limit holds for the prices of that day alone. */
export function askedSpec(spec: JobSpec, { askedDurationMs = spec.limits.durationMs }: Making): JobSpec {
  return { ...spec, limits: { ...spec.limits, durationMs: askedDurationMs } };
}
