import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeSnapshot, scan } from '../../../src/engine/snapshot/makeSnapshot.ts';
import { mountSmallDisk } from '../../fixtures/smallDisk.ts';
import { archiveOf, extract, readTree, writeTree } from '../../fixtures/snapshot/tree.ts';
import type { Tree } from '../../fixtures/snapshot/tree.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/snapshot');
const isRoot = process.getuid?.() === 0;
const nobody = 65534;
const text = (content: string): { content: string; executable: boolean } => ({ content, executable: false });

let base = '';
let folder = '';
let children: ChildProcess[] = [];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'aloft-hostile-'));
  folder = join(base, 'source');
  mkdirSync(folder);
  children = [];
});

afterEach(async () => {
  for (const child of children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  execFileSync('chmod', ['-R', 'u+rwx', base]);
  rmSync(base, { recursive: true, force: true });
});

const signal = new AbortController().signal;
const options = () => ({ storeFolder: join(base, 'store'), cacheFolder: join(base, 'cache') });
const make = async (onProgress = (): void => undefined) =>
  (await makeSnapshot(folder, options(), signal, onProgress)).snapshot;
const look = () => scan(folder, options(), signal, () => undefined);

function start(script: string, ...words: string[]): ChildProcess {
  const child = spawn(process.execPath, ['--no-warnings', join(fixtures, script), ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

async function output(child: ChildProcess): Promise<string> {
  let printed = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const [code]: unknown[] = await once(child, 'close');
  expect(code).toBe(0);
  return printed;
}

async function disturb(manner: string): Promise<void> {
  const child = start('rewrite.ts', folder, manner);
  if (child.stdout !== null) {
    await once(child.stdout, 'data');
  }
}

describe('a folder that changes meanwhile', () => {
  test('a file that never holds still is an error that names it', async () => {
    writeTree(folder, { 'steady.log': text('0'.repeat(1000)), 'a.py': text('a') });
    await disturb('inPlace');
    await expect(make()).rejects.toMatchObject({ tag: 'conflict', message: expect.stringContaining('steady.log') });
    expect(existsSync(join(base, 'store'))).toBe(false);
  });

  test('a file that is saved again and again goes as it was at one moment', async () => {
    writeTree(folder, { 'steady.log': text('0'.repeat(1000)) });
    await disturb('replace');
    for (let round = 0; round < 5; round += 1) {
      const content = extract(await make(), join(base, `unpacked${round}`))['steady.log'];
      expect(content).toEqual(text(expect.stringMatching(/^(\d)\1{999}$/u)));
    }
  });

  test('files and folders that come and go do not disturb the others', async () => {
    const tree: Tree = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`d${index % 9}/f${index}`, text(`${index}`)]),
    );
    writeTree(folder, tree);
    await disturb('churn');
    for (let round = 0; round < 5; round += 1) {
      expect(extract(await make(), join(base, `unpacked${round}`))).toMatchObject(tree);
    }
  });

  test('a file that grows between reading and packing is read again', async () => {
    writeTree(folder, { 'big.bin': text('x'.repeat(3_000_000)), 'a.py': text('a') });
    let isGrown = false;
    const snapshot = await makeSnapshot(folder, options(), signal, ({ phase }) => {
      // The first piece is written by now, the one of big.bin is not.
      if (phase === 'write' && !isGrown) {
        isGrown = true;
        writeFileSync(join(folder, 'big.bin'), 'y'.repeat(2_000_000));
      }
    });
    expect(extract(snapshot.snapshot, join(base, 'unpacked'))).toEqual(readTree(folder));
  });
});

describe('links', () => {
  test('inside the tree are kept, whatever they point to', async () => {
    const tree: Tree = {
      'd/a.py': text('a'),
      'd/up': { target: '../d/a.py' },
      loop: { target: 'loop' },
      one: { target: 'two' },
      two: { target: 'one' },
      here: { target: '.' },
      'd/round': { target: '..' },
      folder: { target: 'd' },
      through: { target: 'folder/round/d/a.py' },
      dangling: { target: 'absent/nothing' },
    };
    writeTree(folder, tree);
    expect(extract(await make(), join(base, 'unpacked'))).toEqual(tree);
  });

  test.each([
    ['/etc/passwd', {}],
    ['../outside', {}],
    ['d/../../outside', { 'd/a': text('') }],
    ['up/../../outside', { 'd/e/a': text(''), up: { target: 'd' } }],
    ['way/..', { 'd/a': text(''), way: { target: 'd/..' } }],
    ['absent/../../x', {}],
  ])('to %s are refused by name', async (target, tree: Tree) => {
    writeTree(folder, tree);
    symlinkSync(target, join(folder, 'sly'));
    const message = expect.stringContaining(`sly: it is a link to ${target}, outside the folder`);
    await expect(make()).rejects.toMatchObject({ tag: 'invalid', message });
    expect((await look()).refused).toEqual([{ path: 'sly', reason: `it is a link to ${target}, outside the folder` }]);
    writeFileSync(join(folder, '.aloftignore'), 'sly\n');
    await expect(make()).resolves.toBeDefined();
  });
});

describe('what cannot go', () => {
  test('pipes and sockets are shown and never opened', async () => {
    writeTree(folder, { 'a.py': text('a') });
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const server = createServer().listen(join(folder, 'socket'));
    await once(server, 'listening');
    const preview = await look();
    server.close();
    expect(preview.files.map((file) => file.path)).toEqual(['a.py']);
    expect(preview.heldBack).toEqual([
      { path: 'pipe', bytes: 0, kind: 'special', reason: 'it is a named pipe' },
      { path: 'socket', bytes: 0, kind: 'special', reason: 'it is a socket' },
    ]);
  });

  test('an ignore file that is a pipe or a link is no ignore file', async () => {
    writeTree(folder, { 'a.py': text('a'), 'd/b.py': text('b') });
    execFileSync('mkfifo', [join(folder, '.gitignore')]);
    writeFileSync(join(base, 'rules'), '*\n');
    symlinkSync('../rules', join(folder, 'rules'));
    symlinkSync('rules', join(folder, 'd/.gitignore'));
    expect((await look()).files.map((file) => file.path)).toContain('d/b.py');
  });

  test('names that are not UTF-8 are shown, beside names that only look so', async () => {
    const bad = Buffer.concat([Buffer.from(`${folder}/bad`), Buffer.from([0xff, 0xfe])]);
    writeFileSync(bad, 'x');
    writeTree(folder, { 'real\uFFFD': text('x') });
    const preview = await look();
    expect(preview.files.map((file) => file.path)).toEqual(['real\uFFFD']);
    expect(preview.heldBack).toMatchObject([{ kind: 'name', reason: 'its name is not valid UTF-8' }]);
  });

  test('paths longer than the system takes are refused', async () => {
    const deep = 'd'.repeat(250);
    const dig = `const fs = require('node:fs'); for (let i = 0; i < 20; i++) { fs.mkdirSync('${deep}'); process.chdir('${deep}'); }`;
    execFileSync(process.execPath, ['-e', dig], { cwd: folder });
    const preview = await look();
    expect(preview.refused).toMatchObject([{ reason: 'the path is longer than this system allows' }]);
    await expect(make()).rejects.toMatchObject({ tag: 'invalid' });
    execFileSync('rm', ['-rf', deep], { cwd: folder });
  });

  test('files and folders that may not be read are refused by name', async () => {
    writeTree(folder, { 'a.py': text('a'), 'closed.py': text('b'), 'shut/c.py': text('c') });
    chmodSync(join(folder, 'closed.py'), 0);
    chmodSync(join(folder, 'shut'), 0);
    const expected = /closed\.py: permission denied; shut: permission denied/u;
    if (!isRoot) {
      await expect(make()).rejects.toThrow(expected);
      return;
    }
    // Root reads everything, so somebody else has to try.
    chmodSync(base, 0o755);
    chownSync(folder, nobody, nobody);
    const script = `${JSON.stringify(join(fixtures, 'makeSnapshot.ts'))}`;
    mkdirSync(join(base, 'nobody'));
    chownSync(join(base, 'nobody'), nobody, nobody);
    const program = `process.setuid(${nobody}); process.argv = ['', '', ...${JSON.stringify([folder, join(base, 'nobody/store'), join(base, 'nobody/cache')])}]; await import(${script});`;
    const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.push(child);
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    await once(child, 'close');
    expect(errors).toMatch(expected);
  });
});

describe('a process that dies, or is not alone', () => {
  const tree: Tree = Object.fromEntries(
    Array.from({ length: 1200 }, (_, index) => [`d${index % 9}/f${index}`, text(`${index}\n`.repeat(200))]),
  );

  test('killed in the middle, the next one ends the work', async () => {
    writeTree(folder, tree);
    for (let round = 0; round < 4; round += 1) {
      const child = start('makeSnapshot.ts', folder, join(base, 'store'), join(base, 'cache'), '1000');
      const pieces = join(base, 'store/snapshots/pieces');
      await expect
        .poll(() => existsSync(pieces) && readdirSync(pieces).length, { timeout: 20_000, interval: 1 })
        .toBeGreaterThan(round * 3);
      child.kill('SIGKILL');
      await once(child, 'close');
      rmSync(join(base, 'cache'), { recursive: true, force: true });
    }
    const snapshot = await make();
    expect(extract(snapshot, join(base, 'unpacked'))).toEqual(tree);
    cpSync(folder, join(base, 'copy'), { recursive: true, verbatimSymlinks: true });
    const clean = await makeSnapshot(
      join(base, 'copy'),
      { storeFolder: join(base, 'store2'), cacheFolder: join(base, 'cache2') },
      signal,
      () => undefined,
    );
    expect(archiveOf(snapshot).equals(archiveOf(clean.snapshot))).toBe(true);
  });

  test('two at once on one folder and one store come to the same', async () => {
    writeTree(folder, tree);
    const runs = [1, 2].map(() =>
      output(start('makeSnapshot.ts', folder, join(base, 'store'), join(base, 'cache'), '5')),
    );
    const ids = (await Promise.all(runs)).flatMap((printed) => printed.trim().split('\n'));
    expect(ids).toHaveLength(10);
    expect(new Set(ids).size).toBe(1);
    expect(readdirSync(join(base, 'store/snapshots/unfinished'))).toEqual([]);
    expect(extract(await make(), join(base, 'unpacked'))).toEqual(tree);
  });
});

describe('a full disk', () => {
  test('is a clear error that leaves nothing half-made', async ({ skip }) => {
    const small = join(base, 'small');
    const unmount = mountSmallDisk(small, 1);
    if (unmount === undefined) {
      skip('this user may mount no small disk');
      return;
    }
    try {
      writeTree(folder, { 'a.bin': text('x'.repeat(3_000_000)), 'b.py': text('b') });
      const full = { storeFolder: join(small, 'store'), cacheFolder: join(base, 'cache') };
      const attempt = makeSnapshot(folder, full, signal, () => undefined);
      await expect(attempt).rejects.toMatchObject({
        tag: 'invalid',
        message: expect.stringMatching(/disk is full.*small/u),
      });
      expect(readdirSync(join(small, 'store/snapshots/unfinished'))).toEqual([]);
      expect(readdirSync(join(small, 'store/snapshots')).filter((name) => name.endsWith('.json'))).toEqual([]);
      rmSync(join(folder, 'a.bin'));
      await expect(makeSnapshot(folder, full, signal, () => undefined)).resolves.toMatchObject({
        snapshot: { files: 1 },
      });
    } finally {
      unmount();
    }
  });
});
