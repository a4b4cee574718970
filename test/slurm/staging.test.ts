import { readFile, readdir, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { StageProgress } from '../../src/core/provider.ts';
import type { ShellScript } from '../../src/providers/slurm/host.ts';
import { LocalHost } from '../../src/providers/slurm/localHost.ts';
import { never, rejection } from '../conformance/harness.ts';
import { describeWithCluster } from './describeWithCluster.ts';
import { Site } from './site.ts';
import { makeTree } from './tree.ts';

/** Counts what is sent, and breaks off when that is asked for. */
class LimitedHost extends LocalHost {
  sent = 0;
  most = Number.POSITIVE_INFINITY;

  override async run(script: ShellScript, signal: AbortSignal): ReturnType<LocalHost['run']> {
    const { input } = script;
    return super.run(input === undefined ? script : { ...script, input: this.#limited(input) }, signal);
  }

  async *#limited(input: NonNullable<ShellScript['input']>): AsyncGenerator<Uint8Array, void> {
    for await (const bytes of input instanceof Uint8Array ? [input] : input) {
      this.sent += bytes.length;
      if (this.sent > this.most) {
        throw new Error('the connection broke off');
      }
      yield bytes;
    }
  }
}

describeWithCluster('sending code to a cluster', {}, () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.start();
  });
  afterAll(async () => site.stop());

  const big = 'x'.repeat(10_000_000);
  const folder = (name: string): string => join(site.root, name);

  it('goes on where it broke off', async () => {
    const tree = await makeTree({ 'big.txt': `resumed ${big}` });
    const host = new LimitedHost();
    host.most = 6_000_000;
    const connection = site.open({}, host);
    await rejection(connection.stage(tree.snapshot, never(), () => undefined));
    host.sent = 0;
    host.most = Number.POSITIVE_INFINITY;
    await connection.stage(tree.snapshot, never(), () => undefined);
    expect(host.sent).toBeLessThan(8_000_000);
    const handle = await connection.submit(
      await site.prepare('wc -c < big.txt', {}, new Map(), tree.snapshot),
      never(),
    );
    await site.end(handle);
    expect(await site.log(handle)).toEqual({ stdout: `${big.length + 8}\n` });
    await tree.dispose();
  });

  it('by several at once gives each the whole of it, and spoils nothing', async () => {
    const tree = await makeTree({ 'big.txt': `by several ${big}` });
    const senders = Array.from({ length: 6 }, () => site.open());
    const progress = await Promise.all(
      senders.map(async (connection) => {
        const steps: StageProgress[] = [];
        await connection.stage(tree.snapshot, never(), (step) => steps.push(step));
        return steps.at(-1);
      }),
    );
    expect(progress.map((step) => step?.sentBytes)).toEqual(senders.map(() => tree.snapshot.pieces[0]?.bytes));
    const [piece] = tree.snapshot.pieces;
    const [sent, kept] = await Promise.all([
      readFile(piece === undefined ? '' : tree.snapshot.piecePath(piece)),
      readFile(join(folder('pieces'), tree.snapshot.id)),
    ]);
    expect(kept.equals(sent)).toBe(true);
    expect((await readdir(folder('pieces'))).filter((name) => name.startsWith(tree.snapshot.id))).toEqual([
      tree.snapshot.id,
    ]);
    await tree.dispose();
  });

  it('keeps what a job that waits for long needs when others are removed', async () => {
    const tree = await makeTree({ 'a.txt': 'still here\n' });
    const release = await site.hold();
    const input = await site.prepare('cat a.txt', { env: { snapshot: '5' } }, new Map(), tree.snapshot);
    const handle = await site.connection.submit(input, never());
    const other = await site.submit('true');
    await site.connection.cancel(other, never());
    await site.end(other);
    for (const name of ['pieces', 'snapshots']) {
      for (const file of await readdir(folder(name))) {
        await utimes(join(folder(name), file), 0, 0);
      }
    }
    await site.connection.remove(other, never());
    await release();
    await site.end(handle);
    expect(await site.log(handle)).toEqual({ stdout: 'still here\n' });
    await tree.dispose();
  });

  it('begins anew when what came before is not what it should be', async () => {
    const tree = await makeTree({ 'big.txt': `spoilt ${big}` });
    await site.connection.stage(tree.snapshot, never(), () => undefined);
    const piece = join(folder('pieces'), tree.snapshot.id);
    const bytes = await readFile(piece);
    await truncate(piece, 0);
    await import('node:fs/promises').then(async ({ rm }) => rm(piece));
    await writeFile(`${piece}.part`, Buffer.from('something else'));
    await site.connection.stage(tree.snapshot, never(), () => undefined);
    expect((await readFile(piece)).equals(bytes)).toBe(true);
    await tree.dispose();
  });
});
