import type { ManifestEntry } from './manifest.ts';

/** Files from this size on, in bytes, have a piece of their own. */
export const ownPieceBytes = 1024 * 1024;

const maxPieceBytes = 4 * 1024 * 1024;
const entriesPerPiece = 64;
const blockBytes = 512;

/**
 * Cuts the entries, which are in order, into the runs that become pieces. A run begins where a hash of the path says so, so
 * that files that come, go or change do not move the cuts elsewhere; sizes only add cuts.
 */
export function planPieces(entries: readonly ManifestEntry[]): ManifestEntry[][] {
  const runs: ManifestEntry[][] = [];
  let run: ManifestEntry[] = [];
  let bytes = 0;
  const cut = (): void => {
    if (run.length > 0) {
      runs.push(run);
    }
    run = [];
    bytes = 0;
  };
  for (const entry of entries) {
    const size = entry.kind === 'file' ? entry.size : 0;
    const archived = blockBytes + Math.ceil(size / blockBytes) * blockBytes;
    const alone = size >= ownPieceBytes;
    if (alone || bytes + archived > maxPieceBytes || pathHash(entry.path) % entriesPerPiece === 0) {
      cut();
    }
    run.push(entry);
    bytes += archived;
    if (alone) {
      cut();
    }
  }
  cut();
  return runs;
}

/** FNV-1a over UTF-16 code units, with a last mix because its low bits alone are poor. */
function pathHash(path: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < path.length; index += 1) {
    value = Math.imul(value ^ path.charCodeAt(index), 0x01000193);
  }
  return (value ^ (value >>> 15)) >>> 0;
}
