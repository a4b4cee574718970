import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

import type { SnapshotId } from '../../src/core/job.ts';
import type { MadeSnapshot } from '../conformance/snapshot.ts';

/** A snapshot of these files, in one piece. */
export async function makeTree(files: Readonly<Record<string, string>>): Promise<MadeSnapshot> {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-tree-'));
  const archive = pack();
  for (const [name, text] of Object.entries(files)) {
    archive.entry({ name, mode: 0o644, mtime: new Date(0) }, text);
  }
  archive.finalize();
  const bytes = await buffer(archive);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await writeFile(join(folder, sha256), bytes);
  return {
    snapshot: {
      id: sha256 as SnapshotId,
      files: Object.keys(files).length,
      bytes: Object.values(files).join('').length,
      pieces: [{ sha256, bytes: bytes.length }],
      piecePath: (piece) => join(folder, piece.sha256),
    },
    dispose: async () => rm(folder, { recursive: true, force: true }),
  };
}
