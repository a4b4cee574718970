import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mountSmallDisk } from '../../../fixtures/smallDisk.ts';
import { LocalBench, never } from './localRun.ts';

/** A small disk of its own; undefined where this user may not mount one. */
function smallDisk(folder: string, mebibytes: number): string | undefined {
  const disk = join(folder, 'disk');
  const unmount = mountSmallDisk(disk, mebibytes);
  if (unmount === undefined) {
    return undefined;
  }
  // Runs after the bench has ended its jobs: what is registered first is called last.
  onTestFinished(unmount);
  return disk;
}

const canMount = process.platform === 'linux' && process.getuid?.() === 0;
if (!canMount) {
  process.stderr.write('skipped: the tests of a full disk need root on Linux to mount a small one\n');
}

describe.runIf(canMount)('a full disk', () => {
  it('fails the job that fills it, in clear words, and shows that its log may miss something', async ({ skip }) => {
    const outside = await LocalBench.open();
    const disk = smallDisk(outside.folder, 2);
    if (disk === undefined) {
      skip('this user may mount no small disk');
      return;
    }
    const bench = await LocalBench.open({}, join(disk, 'root'));
    const { handle } = await bench.submit({ command: 'echo first; head -c 5000000 /dev/zero; echo last' });
    const observation = await bench.ended(handle);
    expect(observation).toMatchObject({ state: 'failed', reason: expect.stringContaining('the disk was full') });
    const items = await bench.log(handle);
    expect(items.at(-1)).toMatchObject({ kind: 'gap', reason: 'the disk was full: output may be missing' });
    const [first] = items;
    expect(first?.kind === 'bytes' ? Buffer.from(first.bytes.subarray(0, 6)).toString() : '').toBe('first\n');
  });

  it('keeps no job from being cancelled, nor its exit code from being known', async ({ skip }) => {
    const outside = await LocalBench.open();
    const disk = smallDisk(outside.folder, 2);
    if (disk === undefined) {
      skip('this user may mount no small disk');
      return;
    }
    const bench = await LocalBench.open({}, join(disk, 'root'));
    const cancelled = await bench.submit({ command: 'sleep 1000' });
    const exiting = await bench.submit({ command: 'while [ ! -e stop ]; do sleep 0.05; done; exit 3' });
    await bench.until(cancelled.handle, ({ state }) => state === 'running');
    await bench.until(exiting.handle, ({ state }) => state === 'running');
    await writeFile(join(bench.runFolder(exiting.handle), 'work', 'stop'), '').catch(() => undefined);
    await writeFile(join(disk, 'ballast'), Buffer.alloc(4_000_000)).catch(() => undefined);
    await bench.connection.cancel(cancelled.handle, never);
    expect(await bench.ended(cancelled.handle)).toMatchObject({ state: 'cancelled' });
    expect(await bench.ended(exiting.handle)).toMatchObject({ state: 'failed', exitCode: 3 });
  });

  it('refuses a submission whole', async ({ skip }) => {
    const outside = await LocalBench.open();
    const disk = smallDisk(outside.folder, 2);
    if (disk === undefined) {
      skip('this user may mount no small disk');
      return;
    }
    const bench = await LocalBench.open({}, join(disk, 'root'));
    const files = { 'big.bin': 'x'.repeat(4_000_000) };
    await expect(bench.submit({ command: 'true' }, { files })).rejects.toMatchObject({ tag: 'capacity' });
    expect(await bench.connection.list(never)).toEqual([]);
    const { handle } = await bench.submit({ command: 'true' });
    expect(await bench.ended(handle)).toMatchObject({ state: 'succeeded' });
    await rm(join(disk, 'ballast'), { force: true });
  });
});
