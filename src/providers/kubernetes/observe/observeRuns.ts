import type { Observation } from '../../../core/provider.ts';
import type { Cluster } from '../cluster.ts';
import { setOf } from '../model/job.ts';
import type { AllRuns } from '../state/runs.ts';
import { findJobSet, type JobSet, throughSet } from './jobSet.ts';
import { observationOf } from './observation.ts';

/**
 * How runs are, by their handles' ids; and whatever they need done now is begun. `wanted`: handle ids with names of Jobs; what is
 * not among all may have been deleted by us. `sets`: handle ids of JobSets, whose Job comes and goes.
 */
export async function observeRuns(
  { api, namespace, runs, hints, errands, tombstones }: Cluster,
  all: AllRuns,
  wanted: ReadonlyMap<string, string>,
  sets: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Observation>> {
  const everything = all.names.flatMap((name) => all.get(name) ?? []);
  const about = await hints.hintsFor(everything, runs.isLive, signal);
  const observed = new Map<string, Observation>();
  for (const [id, name] of wanted) {
    const run = all.get(name);
    const own = run === undefined ? null : observationOf(run, about, all.seenAt);
    const isSet = sets.has(id) || (run?.job && setOf(run.job) !== null);
    const lookUp = async (): Promise<JobSet | null> => findJobSet(api, namespace, name, signal);
    const now = isSet ? await throughSet(own, all.seenAt, lookUp) : own;
    const gone = now === null ? tombstones.answer(name, all.seenAt) : null;
    if (now !== null) {
      observed.set(id, now);
      if (run !== undefined) {
        errands.consider(id, run, about);
      }
    } else if (gone !== null) {
      observed.set(id, { ...gone, observedAt: Math.max(all.seenAt, gone.observedAt) });
    }
  }
  return observed;
}
