import type { SnapshotId } from '../core/job.ts';
import type { Snapshot } from '../core/provider.ts';

/** Captures folders and finds them again; the engine's own implementation is in snapshot/. */
export interface Snapshots {
  /** `include`: paths that go although they would be held back. */
  make(folder: string, include: readonly string[], signal: AbortSignal): Promise<Snapshot>;
  open(id: SnapshotId): Promise<Snapshot>;
}
