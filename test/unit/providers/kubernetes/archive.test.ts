import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Snapshot } from '../../../../src/core/provider.ts';
import { fitsInto, makeArchive } from '../../../../src/providers/kubernetes/code/archive.ts';
import { never, rejection } from '../../../conformance/harness.ts';
import { bigSnapshot } from '../../../fixtures/kubernetes/bigSnapshot.ts';

async function snapshotOf(bytes: number): Promise<Snapshot> {
  const { snapshot, dispose } = await bigSnapshot(bytes);
  onTestFinished(dispose);
  return snapshot;
}

const pathOf = (snapshot: Snapshot): string => snapshot.pieces.map((piece) => snapshot.piecePath(piece)).join('');

describe('fitsInto', () => {
  it('counts to the byte what the archive takes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'aloft-archives-'));
    onTestFinished(async () => rm(folder, { recursive: true }));
    const snapshot = await snapshotOf(300_000);
    const { bytes, path } = await makeArchive(folder, snapshot, never());
    expect((await stat(path)).size).toBe(bytes);
    expect(await fitsInto(bytes, snapshot, never())).toBe(true);
    expect(await fitsInto(bytes - 1, snapshot, never())).toBe(false);
  });

  it('ends early for what is too large, and takes no damaged code for small', async () => {
    const snapshot = await snapshotOf(5_000_000);
    await writeFile(pathOf(snapshot), Buffer.alloc(1), { flag: 'a' });
    expect(await fitsInto(1000, snapshot, never())).toBe(false);
    expect(await rejection(fitsInto(10_000_000, snapshot, never()))).toMatchObject({ tag: 'invalid' });
  });

  it('ends with the reason of its signal', async () => {
    const stop = new AbortController();
    stop.abort(new Error('stopped by the test'));
    await expect(fitsInto(1000, await snapshotOf(5_000_000), stop.signal)).rejects.toThrow('stopped by the test');
  });
});
