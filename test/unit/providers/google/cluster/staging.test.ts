import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SnapshotId } from '../../../../../src/core/job.ts';
import type { Snapshot } from '../../../../../src/core/provider.ts';
import { objectOf } from '../../../../../src/providers/google/paths.ts';
import { never, rejection } from '../../../../conformance/harness.ts';
import { GoogleLab } from '../../../../fixtures/google/lab.ts';

let lab: GoogleLab;

beforeEach(async () => {
  lab = await GoogleLab.start();
});

afterEach(async () => lab.stop());

const bytes = randomBytes(20 * 1024 * 1024);
const sha256 = createHash('sha256').update(bytes).digest('hex');

async function largeSnapshot(): Promise<Snapshot> {
  const path = join(lab.google.folder, 'large');
  await writeFile(path, bytes);
  const pieces = [{ sha256, bytes: bytes.length }];
  return { id: 'large' as SnapshotId, files: 1, bytes: bytes.length, pieces, piecePath: () => path };
}

describe('staging to Cloud Storage', () => {
  it('sends a large piece in parts, and says how far it is', async () => {
    const snapshot = await largeSnapshot();
    const sent: number[] = [];
    await lab.open().stage(snapshot, never(), ({ sentBytes }) => sent.push(sentBytes));
    expect(sent.at(-1)).toBe(bytes.length);
    expect(sent).toEqual(sent.toSorted((a, b) => a - b));
    expect(sent.filter((each) => each > 0 && each < bytes.length).length).toBeGreaterThan(0);
    const stored = lab.google.control.buckets.find(lab.google.bucket, `aloft/pieces/${sha256}.gz`);
    expect(gunzipSync(await readFile(stored?.path ?? '')).equals(bytes)).toBe(true);
  });

  it('goes on after a connection that died', async () => {
    const snapshot = await largeSnapshot();
    const connection = lab.open();
    lab.google.control.addFault({ on: { method: 'objects.insert' }, kind: 'loseRequest', after: 1 });
    await rejection(connection.stage(snapshot, never(), () => undefined)).catch(() => undefined);
    lab.google.control.clearFaults();
    await connection.stage(snapshot, never(), () => undefined);
    expect(lab.google.control.buckets.find(lab.google.bucket, 'aloft/code/large')).toBeDefined();
  });

  it('sends again what was deleted meanwhile, and nothing else', async () => {
    const { control, bucket } = lab.google;
    const connection = lab.open();
    const { snapshot } = lab.snapshot;
    await connection.stage(snapshot, never(), () => undefined);
    const inserts = (): readonly string[] =>
      control.requests.filter(({ method }) => method === 'objects.insert').map(({ resource }) => resource);
    const code = objectOf.code(snapshot.id);
    const pieces = snapshot.pieces.map((piece) => objectOf.piece(piece.sha256));
    const [piece = ''] = pieces;
    for (const deleted of [[piece], [code], [...pieces, code]]) {
      deleted.forEach((name) => control.buckets.delete(bucket, name));
      const before = inserts().length;
      await connection.stage(snapshot, never(), () => undefined);
      expect(
        inserts()
          .slice(before)
          .map((resource) => resource.slice(bucket.length + 1))
          .toSorted(),
      ).toEqual([...new Set(deleted)].toSorted());
    }
    const before = inserts().length;
    await connection.stage(snapshot, never(), () => undefined);
    expect(inserts()).toHaveLength(before);
    for (const name of [...pieces, code]) {
      expect(control.buckets.find(bucket, name)).toBeDefined();
    }
  });

  it('says that a piece is missing, whatever room there is', async () => {
    const snapshot = await largeSnapshot();
    const gone = { ...snapshot, piecePath: () => join(lab.google.folder, 'gone') };
    const error = await rejection(lab.open().stage(gone, never(), () => undefined));
    expect(error).toMatchObject({ tag: 'invalid', raw: expect.stringContaining('ENOENT') });
    expect(error).toMatchObject({
      message: expect.stringContaining('cannot be read'),
      remedy: 'Submit again to make a new snapshot.',
    });
  });

  it('says so when there is no room to pack the code, and leaves nothing behind', async () => {
    const snapshot = await largeSnapshot();
    const full = join(lab.google.folder, 'full');
    await mkdir(full);
    vi.stubEnv('TMPDIR', full);
    try {
      lab.google.control.addFault({ on: { method: 'objects.insert' }, kind: 'loseRequest', times: 9 });
      await rejection(lab.open().stage(snapshot, never(), () => undefined));
      expect(await readdir(full)).toEqual([]);
      // Not even root may write there.
      vi.stubEnv('TMPDIR', '/proc');
      expect(tmpdir()).toBe('/proc');
      expect(await rejection(lab.open().stage(snapshot, never(), () => undefined))).toMatchObject({
        tag: 'invalid',
        remedy: expect.stringContaining('/proc'),
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
