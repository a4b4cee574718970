import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SnapshotId } from '../../../src/core/job.ts';
import { contentSources, KeptContent } from '../../../src/engine/snapshot/contentSources.ts';
import { makeSnapshot, scan } from '../../../src/engine/snapshot/makeSnapshot.ts';
import type { SnapshotOptions } from '../../../src/engine/snapshot/makeSnapshot.ts';
import { planPieces } from '../../../src/engine/snapshot/planPieces.ts';
import { readSnapshotFile } from '../../../src/engine/snapshot/readSnapshotFile.ts';
import { removeUnreferencedSnapshots } from '../../../src/engine/snapshot/removeUnreferenced.ts';
import { openSnapshot, SnapshotStore } from '../../../src/engine/snapshot/snapshotStore.ts';
import { archiveOf, extract, readTree, treeArbitrary, writeTree } from '../../fixtures/snapshot/tree.ts';
import type { Tree } from '../../fixtures/snapshot/tree.ts';

const signal = new AbortController().signal;
const quiet = (): void => undefined;
const hourMs = 3_600_000;

let base = '';
let made = 0;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'aloft-snapshot-'));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

interface Place extends SnapshotOptions {
  readonly folder: string;
}

/** A source folder with a store and a cache of its own. */
function newPlace(tree: Tree = {}): Place {
  const at = join(base, String((made += 1)));
  writeTree(join(at, 'source'), tree);
  return { folder: join(at, 'source'), storeFolder: join(at, 'store'), cacheFolder: join(at, 'cache') };
}

async function snapshotOf(place: Place) {
  return (await makeSnapshot(place.folder, place, signal, quiet)).snapshot;
}

const text = (content: string): { content: string; executable: boolean } => ({ content, executable: false });

function manyFiles(count: number): Tree {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`d${index % 7}/f${index}.py`, text(`x = ${index}\n`)]),
  );
}

const piecesFolder = (place: Place): string => join(place.storeFolder, 'snapshots', 'pieces');

describe('a snapshot', () => {
  test('unpacks with the system tar to exactly the tree', async () => {
    await fc.assert(
      fc.asyncProperty(treeArbitrary, async (tree) => {
        const place = newPlace(tree);
        const snapshot = await snapshotOf(place);
        expect(extract(snapshot, join(place.folder, '..', 'unpacked'))).toEqual(tree);
        expect(snapshot.files).toBe(Object.keys(tree).length);
      }),
      { numRuns: 40 },
    );
  });

  test('is the same for the same tree in another folder, made in another order', async () => {
    await fc.assert(
      fc.asyncProperty(treeArbitrary, async (tree) => {
        const one = newPlace(tree);
        const other = newPlace();
        writeTree(other.folder, tree, (paths) => paths.toReversed());
        const [first, second] = [await snapshotOf(one), await snapshotOf(other)];
        expect(second.id).toBe(first.id);
        expect(archiveOf(second).equals(archiveOf(first))).toBe(true);
        expect(second.pieces).toEqual(first.pieces);
      }),
      { numRuns: 25 },
    );
  });

  test('takes paths and sizes that a plain tar header cannot hold', async () => {
    const deep = Array.from({ length: 12 }, (_, index) => `${'long'.repeat(20)}${index}`).join('/');
    const tree = {
      [`${deep}/file.py`]: text('deep'),
      ['é'.repeat(127)]: text('wide'),
      ['n'.repeat(255)]: text('long'),
      link: { target: `${deep}/file.py` },
    };
    const place = newPlace(tree);
    expect(extract(await snapshotOf(place), join(place.folder, '..', 'unpacked'))).toEqual(tree);
  });

  test('of an empty folder is an empty archive', async () => {
    const place = newPlace();
    const snapshot = await snapshotOf(place);
    expect(snapshot).toMatchObject({ files: 0, bytes: 0 });
    expect(extract(snapshot, join(place.folder, '..', 'unpacked'))).toEqual({});
  });

  test('opens again by its id and hands out single files as they were', async () => {
    const place = newPlace({
      ...manyFiles(100),
      'run.sh': { content: '#!/bin/sh\n', executable: true },
      link: { target: 'run.sh' },
    });
    const made = await snapshotOf(place);
    rmSync(place.folder, { recursive: true });
    const opened = await openSnapshot(place.storeFolder, made.id);
    expect(opened.pieces).toEqual(made.pieces);
    expect(opened.manifest.map((entry) => entry.path)).toEqual(opened.manifest.map((entry) => entry.path).toSorted());
    expect(Buffer.from(await readSnapshotFile(place.storeFolder, made.id, 'd3/f31.py')).toString()).toBe('x = 31\n');
    await expect(readSnapshotFile(place.storeFolder, made.id, 'absent')).rejects.toMatchObject({ tag: 'notFound' });
    await expect(readSnapshotFile(place.storeFolder, made.id, 'link')).rejects.toMatchObject({ tag: 'invalid' });
  });

  test('that is unknown or damaged is not opened', async () => {
    const place = newPlace(manyFiles(3));
    const { id } = await snapshotOf(place);
    const record = join(place.storeFolder, 'snapshots', `${id}.json`);
    writeFileSync(record, readFileSync(record, 'utf8').replace('f1.py', 'f9.py'));
    await expect(openSnapshot(place.storeFolder, id)).rejects.toMatchObject({ tag: 'notFound' });
    await expect(openSnapshot(place.storeFolder, '0'.repeat(64) as SnapshotId)).rejects.toMatchObject({
      tag: 'notFound',
    });
    expect((await snapshotOf(place)).id).toBe(id);
    await expect(openSnapshot(place.storeFolder, id)).resolves.toMatchObject({ id });
  });
});

describe('pieces', () => {
  test('only the ones with an edited, added or removed file change', async () => {
    const place = newPlace(manyFiles(1500));
    const before = await snapshotOf(place);
    const known = new Set(before.pieces.map((piece) => piece.sha256));
    const edits = [
      () => appendFileSync(join(place.folder, 'd2/f702.py'), '# edited\n'),
      () => writeFileSync(join(place.folder, 'd2/added.py'), 'new\n'),
      () => rmSync(join(place.folder, 'd4/f900.py')),
    ];
    for (const edit of edits) {
      edit();
      const after = await snapshotOf(place);
      const fresh = after.pieces.filter((piece) => !known.has(piece.sha256));
      // An added or removed path may be one where a cut is: then two pieces change.
      expect([1, 2]).toContain(fresh.length);
      for (const piece of fresh) {
        known.add(piece.sha256);
      }
    }
  });

  test('have the average length they are meant to have, and large files stand alone', () => {
    const entries = Array.from({ length: 20_000 }, (_, index) => ({
      kind: 'file' as const,
      path: `pkg/mod${index}.py`,
      executable: false,
      size: index === 7000 ? 2_000_000 : 10,
      sha256: '',
    }));
    const runs = planPieces(entries);
    expect(runs.flat()).toEqual(entries);
    expect(entries.length / runs.length).toBeGreaterThan(40);
    expect(entries.length / runs.length).toBeLessThan(100);
    expect(runs.find((run) => run.some((entry) => entry.path === 'pkg/mod7000.py'))).toHaveLength(1);
  });

  test('an unchanged tree writes nothing, even when its files are read again', async () => {
    const place = newPlace(manyFiles(300));
    const before = await snapshotOf(place);
    const inodes = () =>
      readdirSync(piecesFolder(place)).map((name) => [name, statSync(join(piecesFolder(place), name)).ino]);
    const inodesBefore = inodes();
    rmSync(place.cacheFolder, { recursive: true });
    const again = await snapshotOf(place);
    expect(again.id).toBe(before.id);
    expect(inodes()).toEqual(inodesBefore);
  });

  test('a damaged or missing one is made again from the folder', async () => {
    const place = newPlace({ ...manyFiles(200), 'big.bin': text('x'.repeat(3_000_000)) });
    const before = await snapshotOf(place);
    const archive = archiveOf(before);
    const [first, second] = before.pieces;
    if (first === undefined || second === undefined) {
      throw new Error('the tree makes several pieces');
    }
    truncateSync(before.piecePath(first), first.bytes - 1);
    rmSync(before.piecePath(second));
    expect(archiveOf(await snapshotOf(place)).equals(archive)).toBe(true);
  });

  test('give the bytes of unchanged files without the folder, unless they were altered on disk', async () => {
    const place = newPlace({ ...manyFiles(70), 'big.bin': text('x'.repeat(3_000_000)) });
    const { id } = await snapshotOf(place);
    const store = new SnapshotStore(place.storeFolder);
    const record = await store.readRecord(id);
    const nowhere = join(base, 'nowhere');
    const contentOf = contentSources(nowhere, new KeptContent(), record, store);
    const files = record?.entries.filter((entry) => entry.kind === 'file') ?? [];
    expect(files).toHaveLength(71);
    for (const file of files) {
      expect(Buffer.concat([...contentOf(file)]).equals(readFileSync(join(place.folder, file.path)))).toBe(true);
    }
    for (const piece of record?.pieces ?? []) {
      writeFileSync(store.piecePath(piece), Buffer.alloc(piece.bytes, '#'));
    }
    for (const file of files) {
      expect(() => [...contentOf(file)]).toThrow(/changed while it was read/u);
    }
  });
});

describe('the cache', () => {
  /** Makes the files look old enough to be trusted: their change time is out of our hands, so it is waited for. */
  async function old(place: Place): Promise<void> {
    const newest = Math.max(
      ...Object.keys(readTree(place.folder)).map((path) => statSync(join(place.folder, path)).ctimeMs),
    );
    await new Promise((resolve) => setTimeout(resolve, newest + 2100 - Date.now()));
  }

  test('files that did not change are not read again', async () => {
    const place = newPlace({ 'a.py': text('aaa'), 'b.py': text('bbb') });
    await old(place);
    const before = await snapshotOf(place);
    const cacheFile = join(place.cacheFolder, readdirSync(place.cacheFolder)[0] ?? '');
    const readAt = readFileSync(cacheFile, 'utf8');
    expect(readAt).toContain('a.py');
    // Tell the cache another digest: it can only come back out if the file is not read.
    const { manifest } = await openSnapshot(place.storeFolder, before.id);
    const digest = manifest.find((entry) => entry.path === 'a.py');
    if (digest?.kind !== 'file') {
      throw new Error('a.py is a file');
    }
    writeFileSync(cacheFile, readAt.replace(digest.sha256, 'f'.repeat(64)));
    const preview = await scan(place.folder, place, signal, quiet);
    expect(preview.newBytes).toBe(3);
  });

  test('an edit that keeps size and modification time is noticed', async () => {
    const place = newPlace({ 'a.py': text('aaa') });
    utimesSync(join(place.folder, 'a.py'), 1000, 1000);
    const before = await snapshotOf(place);
    writeFileSync(join(place.folder, 'a.py'), 'bbb');
    utimesSync(join(place.folder, 'a.py'), 1000, 1000);
    expect((await snapshotOf(place)).id).not.toBe(before.id);
  });

  test('a file written right before the scan is not trusted', async () => {
    const place = newPlace({ 'a.py': text('aaa') });
    await snapshotOf(place);
    const cached = readdirSync(place.cacheFolder).map((name) => readFileSync(join(place.cacheFolder, name), 'utf8'));
    expect(cached.join('')).not.toContain('a.py');
  });

  test('one that cannot be read is as good as none', async () => {
    const place = newPlace(manyFiles(5));
    const before = await snapshotOf(place);
    for (const name of readdirSync(place.cacheFolder)) {
      writeFileSync(join(place.cacheFolder, name), '{"version":1,"files":[["');
    }
    expect((await snapshotOf(place)).id).toBe(before.id);
  });
});

describe('scan', () => {
  test('says what goes, how many bytes are new, and makes no archive', async () => {
    const place = newPlace({ 'a.py': text('12345'), 'd/b.py': text('123') });
    const first = await scan(place.folder, place, signal, quiet);
    expect(first).toMatchObject({ bytes: 8, newBytes: 8, heldBack: [], refused: [] });
    expect(first.files).toEqual([
      { path: 'a.py', kind: 'file', bytes: 5 },
      { path: 'd/b.py', kind: 'file', bytes: 3 },
    ]);
    expect(() => statSync(place.storeFolder)).toThrow('ENOENT');
    await snapshotOf(place);
    renameSync(join(place.folder, 'a.py'), join(place.folder, 'moved.py'));
    writeFileSync(join(place.folder, 'd/b.py'), '1234');
    expect(await scan(place.folder, place, signal, quiet)).toMatchObject({ bytes: 9, newBytes: 4 });
  });

  test('a folder that is not there, or is a file, is refused by name', async () => {
    const place = newPlace({ 'a.py': text('') });
    await expect(scan(join(place.folder, 'absent'), place, signal, quiet)).rejects.toThrow(/absent.*does not exist/u);
    await expect(scan(join(place.folder, 'a.py'), place, signal, quiet)).rejects.toThrow(/a\.py is not a folder/u);
  });

  test('stops with the reason of the signal', async () => {
    const place = newPlace(manyFiles(50));
    const reason = new Error('enough');
    await expect(scan(place.folder, place, AbortSignal.abort(reason), quiet)).rejects.toBe(reason);
    const controller = new AbortController();
    const stopped = makeSnapshot(place.folder, place, controller.signal, () => {
      controller.abort(reason);
    });
    await expect(stopped).rejects.toBe(reason);
  });
});

describe('removeUnreferencedSnapshots', () => {
  test('keeps what is referenced or young, and removes the rest', async () => {
    const place = newPlace(manyFiles(300));
    const kept = await snapshotOf(place);
    appendFileSync(join(place.folder, 'd1/f1.py'), '# more\n');
    const other = await snapshotOf(place);
    const archive = archiveOf(kept);
    mkdirSync(join(place.storeFolder, 'snapshots', 'unfinished'), { recursive: true });
    writeFileSync(join(place.storeFolder, 'snapshots', 'unfinished', 'left-behind'), 'half');

    const young = await removeUnreferencedSnapshots(place.storeFolder, new Set([kept.id]), hourMs, Date.now());
    expect(young).toEqual({ snapshots: 0, pieces: 0, bytes: 0 });

    const later = Date.now() + 2 * hourMs;
    const removed = await removeUnreferencedSnapshots(place.storeFolder, new Set([kept.id]), hourMs, later);
    expect(removed).toMatchObject({ snapshots: 1, pieces: 1 });
    expect(archiveOf(await openSnapshot(place.storeFolder, kept.id)).equals(archive)).toBe(true);
    await expect(openSnapshot(place.storeFolder, other.id)).rejects.toMatchObject({ tag: 'notFound' });
    expect(readdirSync(join(place.storeFolder, 'snapshots', 'unfinished'))).toEqual([]);
    // The folder can be submitted again: what was removed is made anew.
    expect((await snapshotOf(place)).id).toBe(other.id);
  });

  test('finding a snapshot unchanged makes it young again', async () => {
    const place = newPlace(manyFiles(10));
    const snapshot = await snapshotOf(place);
    for (const path of [
      join(place.storeFolder, 'snapshots', `${snapshot.id}.json`),
      ...snapshot.pieces.map((piece) => snapshot.piecePath(piece)),
    ]) {
      utimesSync(path, 1000, 1000);
    }
    await snapshotOf(place);
    const removed = await removeUnreferencedSnapshots(place.storeFolder, new Set(), hourMs, Date.now());
    expect(removed).toEqual({ snapshots: 0, pieces: 0, bytes: 0 });
  });
});
