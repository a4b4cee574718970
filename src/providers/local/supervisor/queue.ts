import type { RunName } from '../../../core/runName.ts';

/** A run that waits for its turn. */
export interface WaitingRun {
  readonly name: RunName;
  readonly submittedAt: number;
  readonly accelerator: { readonly name: string; readonly count: number } | null;
}

/** What is free on this machine right now. */
export interface FreeCapacity {
  readonly slots: number;
  /** Ids of free devices by accelerator name. */
  readonly devices: ReadonlyMap<string, readonly string[]>;
}

export interface Grant {
  readonly name: RunName;
  readonly devices: readonly string[];
}

/**
 * Who starts now. Runs of one kind (no accelerator, or one accelerator's name) start strictly in order of submission: a big
 * one at the head holds its kind back until enough is free, so it cannot starve. Kinds do not wait for each other.
 */
export function nextToStart(waiting: readonly WaitingRun[], free: FreeCapacity): Grant[] {
  const grants: Grant[] = [];
  const heldBack = new Set<string | null>();
  const devices = new Map(free.devices);
  let slots = free.slots;
  for (const run of waiting.toSorted(bySubmission)) {
    const kind = run.accelerator?.name ?? null;
    if (heldBack.has(kind)) {
      continue;
    }
    if (run.accelerator === null) {
      if (slots > 0) {
        slots -= 1;
        grants.push({ name: run.name, devices: [] });
        continue;
      }
    } else {
      const available = devices.get(run.accelerator.name) ?? [];
      if (available.length >= run.accelerator.count) {
        devices.set(run.accelerator.name, available.slice(run.accelerator.count));
        grants.push({ name: run.name, devices: available.slice(0, run.accelerator.count) });
        continue;
      }
    }
    heldBack.add(kind);
  }
  return grants;
}

function bySubmission(a: WaitingRun, b: WaitingRun): number {
  return a.submittedAt - b.submittedAt || (a.name < b.name ? -1 : 1);
}
