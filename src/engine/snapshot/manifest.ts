import { hash } from 'node:crypto';
import type { SnapshotId } from '../../core/job.ts';

export type ManifestEntry = ManifestFile | ManifestLink;

export interface ManifestFile {
  readonly kind: 'file';
  /** Relative to the root, `/` between parts. */
  readonly path: string;
  readonly executable: boolean;
  /** In bytes. */
  readonly size: number;
  /** Of the content, hex. */
  readonly sha256: string;
}

export interface ManifestLink {
  readonly kind: 'symlink';
  readonly path: string;
  /** As it stands in the link: relative to the link's own folder. */
  readonly target: string;
}

type ManifestTuple = readonly ['f' | 'x', string, number, string] | readonly ['l', string, string];

export function toTuple(entry: ManifestEntry): ManifestTuple {
  return entry.kind === 'symlink'
    ? ['l', entry.path, entry.target]
    : [entry.executable ? 'x' : 'f', entry.path, entry.size, entry.sha256];
}

export function fromTuple(tuple: ManifestTuple): ManifestEntry {
  return tuple[0] === 'l'
    ? { kind: 'symlink', path: tuple[1], target: tuple[2] }
    : { kind: 'file', executable: tuple[0] === 'x', path: tuple[1], size: tuple[2], sha256: tuple[3] };
}

/** The order of every manifest: by UTF-16 code units, the same on all machines. */
export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : Number(a.path > b.path);
}

/** Id of the tree with these entries, which are in order. */
export function snapshotIdOf(entries: readonly ManifestEntry[]): SnapshotId {
  // The only place where a snapshot id comes into being.
  return hash('sha256', JSON.stringify({ version: 1, entries: entries.map(toTuple) })) as SnapshotId;
}

export function sameEntry(a: ManifestEntry | undefined, b: ManifestEntry | undefined): boolean {
  if (a === undefined || b === undefined || a.path !== b.path) {
    return false;
  }
  return a.kind === 'symlink'
    ? b.kind === 'symlink' && a.target === b.target
    : b.kind === 'file' && a.sha256 === b.sha256 && a.size === b.size && a.executable === b.executable;
}

/** Sum of the file sizes, in bytes. */
export function contentBytes(entries: readonly ManifestEntry[]): number {
  return entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.size : 0), 0);
}
