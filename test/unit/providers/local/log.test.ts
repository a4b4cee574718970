import { createHash } from 'node:crypto';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LogItem } from '../../../../src/core/logChunk.ts';
import { eventually, LocalBench, never } from './localRun.ts';

const shape = (items: readonly LogItem[]): string[] =>
  items.map((item) =>
    item.kind === 'gap' ? `gap: ${item.reason}` : `${item.stream.name}: ${Buffer.from(item.bytes).toString()}`,
  );

async function next(items: AsyncIterator<LogItem>): Promise<LogItem> {
  const { value, done } = await items.next();
  return done === true ? expect.fail('the log ended') : value;
}

describe('the log', () => {
  it('holds 200 MB on one line, byte for byte, in bounded pieces', async () => {
    const bench = await LocalBench.open();
    const bytes = 200_000_000;
    const { handle } = await bench.submit({ command: `head -c ${bytes} /dev/zero | tr '\\0' x` });
    const hash = createHash('sha256');
    let length = 0;
    let largest = 0;
    for await (const item of bench.connection.logs(handle, null, never)) {
      expect(item.kind).toBe('bytes');
      if (item.kind === 'bytes') {
        hash.update(item.bytes);
        length += item.bytes.length;
        largest = Math.max(largest, item.bytes.length);
        expect(item.bytes.buffer.byteLength).toBeLessThanOrEqual(262_144);
      }
    }
    expect(length).toBe(bytes);
    const expected = createHash('sha256');
    for (let left = bytes; left > 0; left -= 1_000_000) {
      expected.update('x'.repeat(1_000_000));
    }
    expect(hash.digest('hex')).toBe(expected.digest('hex'));
    expect(largest).toBeLessThanOrEqual(262_144);
  }, 120_000);

  it('holds bytes that are no text as they came', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({
      command: String.raw`printf '\377\376\000\200abc\303'; printf '\001\r\033[31m' >&2`,
    });
    await bench.ended(handle);
    const bytes = (await bench.log(handle)).flatMap((item) => (item.kind === 'bytes' ? [...item.bytes] : []));
    expect(bytes.toSorted((a, b) => a - b)).toEqual(
      [0xff, 0xfe, 0, 0x80, 0x61, 0x62, 0x63, 0xc3, 1, 0x0d, 0x1b, 0x5b, 0x33, 0x31, 0x6d].toSorted((a, b) => a - b),
    );
  });

  it('is in the order the output came, also when it is read later', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({
      command: 'for i in 1 2 3 4; do echo out$i; sleep 0.15; echo err$i >&2; sleep 0.15; done',
    });
    const live = await bench.log(handle);
    const order = [1, 2, 3, 4].flatMap((i) => [`stdout: out${i}\n`, `stderr: err${i}\n`]);
    expect(shape(live)).toEqual(order);
    expect(shape(await bench.log(handle))).toEqual(order);
  });

  it('goes on exactly after every cursor', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({
      command: 'for i in 1 2 3; do echo $i; sleep 0.1; echo $i >&2; sleep 0.1; done',
    });
    const all = await bench.log(handle);
    expect(all.length).toBeGreaterThan(3);
    for (const [index, item] of all.entries()) {
      const rest: LogItem[] = [];
      for await (const later of bench.connection.logs(handle, item.cursor, never)) {
        rest.push(later);
      }
      expect(shape(rest)).toEqual(shape(all.slice(index + 1)));
    }
  });

  it('is live, and goes on over the death of the supervisor', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({
      command:
        'echo 1; while [ ! -e two ]; do sleep 0.05; done; echo 2; while [ ! -e three ]; do sleep 0.05; done; echo 3',
    });
    const work = join(bench.runFolder(handle), 'work');
    const items = bench.connection.logs(handle, null, never)[Symbol.asyncIterator]();
    expect(shape([await next(items)])).toEqual(['stdout: 1\n']);
    await bench.killSupervisor();
    await writeFile(join(work, 'two'), '');
    expect(shape([await next(items)])).toEqual(['stdout: 2\n']);
    await writeFile(join(work, 'three'), '');
    expect(shape([await next(items)])).toEqual(['stdout: 3\n']);
    expect(await items.next()).toMatchObject({ done: true });
  });

  it('stops at once when it is aborted', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: 'sleep 1000' });
    const abort = new AbortController();
    const items = bench.connection.logs(handle, null, abort.signal)[Symbol.asyncIterator]();
    const waiting = items.next();
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it('says that somebody cut a file', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({
      command: 'echo before; while [ ! -e stop ]; do sleep 0.05; done; echo after',
    });
    const items = bench.connection.logs(handle, null, never)[Symbol.asyncIterator]();
    expect(shape([await next(items)])).toEqual(['stdout: before\n']);
    await truncate(join(bench.runFolder(handle), 'stdout.log'), 0);
    expect(shape([await next(items)])[0]).toContain('gap: stdout.log was cut from outside');
    await writeFile(join(bench.runFolder(handle), 'work', 'stop'), '');
    expect(shape([await next(items)])).toEqual(['stdout: after\n']);
  });

  it('says that somebody removed a file, once', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: 'echo gone; echo kept >&2' });
    await bench.ended(handle);
    await rm(join(bench.runFolder(handle), 'stdout.log'));
    const items = await bench.log(handle);
    expect(shape(items)).toEqual(['stderr: kept\n', 'gap: stdout.log cannot be found']);
    const rest = bench.connection.logs(handle, items.at(-1)?.cursor ?? null, never)[Symbol.asyncIterator]();
    expect(await rest.next()).toMatchObject({ done: true });
  });

  it('of a run that is not there is refused', async () => {
    const bench = await LocalBench.open();
    const items = bench.connection.logs({ id: '../../etc', data: {} }, null, never)[Symbol.asyncIterator]();
    await expect(items.next()).rejects.toMatchObject({ tag: 'notFound' });
    await eventually(() => true);
  });
});
