import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import type { SnapshotId } from '../../src/core/job.ts';
import type { Snapshot, SnapshotPiece } from '../../src/core/provider.ts';

/** What `data/greeting.txt` holds in every snapshot of the cases. */
export const snapshotGreeting = 'hello from the snapshot\n';

export interface MadeSnapshot {
  readonly snapshot: Snapshot;
  readonly dispose: () => Promise<void>;
}

/** A small snapshot in pieces, as the engine makes them; `salt` makes it another one. */
export async function makeSnapshot(salt: string): Promise<MadeSnapshot> {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-snapshot-'));
  const files = { 'data/greeting.txt': snapshotGreeting, 'data/salt.txt': salt };
  const contents: Uint8Array[] = [];
  for (const [path, text] of Object.entries(files)) {
    contents.push(await entry(path, text));
  }
  contents.push(new Uint8Array(1024));
  const pieces: SnapshotPiece[] = [];
  for (const content of contents) {
    const sha256 = createHash('sha256').update(content).digest('hex');
    await writeFile(join(folder, sha256), content);
    pieces.push({ sha256, bytes: content.length });
  }
  const id = createHash('sha256').update(JSON.stringify(pieces)).digest('hex') as SnapshotId;
  return {
    snapshot: {
      id,
      files: Object.keys(files).length,
      bytes: Object.values(files).join('').length,
      pieces,
      piecePath: ({ sha256 }) => join(folder, sha256),
    },
    dispose: async () => rm(folder, { recursive: true, force: true }),
  };
}

/** The archive of one file, without the blocks that end an archive. */
async function entry(path: string, text: string): Promise<Uint8Array> {
  const archive = pack();
  archive.entry({ name: path, mode: 0o644, mtime: new Date(0) }, text);
  archive.finalize();
  const bytes = await buffer(archive);
  return bytes.subarray(0, bytes.length - 1024);
}
