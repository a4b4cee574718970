import { describe, expect, it } from 'vitest';

import type { LogCursor } from '../../../../src/core/logChunk.ts';
import { type Frame, readFrames } from '../../../../src/providers/slurm/logs/frames.ts';
import { decodePosition, encodePosition, streamOf } from '../../../../src/providers/slurm/logs/position.ts';
import { rejection } from '../../../conformance/harness.ts';

const run = '01M8C77BHN95PXFPVSKMXKKF1D.1';

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}

async function frames(text: Buffer, size = 7): Promise<readonly Frame[]> {
  const all: Frame[] = [];
  for await (const frame of readFrames(pieces(text, size), 'word')) {
    all.push(frame);
  }
  return all;
}

describe('frames', () => {
  const block = Buffer.from([0, 10, 68, 32, 255, 10]);
  const whole = Buffer.concat([
    Buffer.from(`.\nD ${run} stdout.log 5 ${block.length} 77\n`),
    block,
    Buffer.from(`T word\nG ${run} stderr.n1.log 3\nE ${run}\nX ${run}\n.\n`),
  ]);

  it.each([1, 2, 7, 1000])('come out whole from pieces of %i bytes', async (size) => {
    const all = await frames(whole, size);
    expect(all.map(({ kind }) => kind)).toEqual(['round', 'bytes', 'cut', 'ended', 'gone', 'round']);
    const [, bytes, cut] = all;
    expect(bytes).toMatchObject({ run, file: 'stdout.log', offset: 5, inode: '77' });
    expect(bytes?.kind === 'bytes' && Buffer.from(bytes.bytes).equals(block)).toBe(true);
    expect(cut).toMatchObject({ file: 'stderr.n1.log', length: 3 });
  });

  it.each([
    ['fewer bytes than promised', `D ${run} stdout.log 0 20 7\nshort\nT word\n.\n.\n.\n.\n`],
    ['another word', `D ${run} stdout.log 0 3 7\nabcT other\n`],
    ['a length that is none', `D ${run} stdout.log 0 -3 7\nabcT word\n`],
    ['a length beyond all bounds', `D ${run} stdout.log 0 99999999999 7\n`],
    ['a run that is none', 'E ../../etc\n'],
    ['a line that is none', `Z ${run}\n`],
    ['a line without end', 'x'.repeat(5000)],
  ])('are not believed with %s', async (_what, text) => {
    expect(await rejection(frames(Buffer.from(text)))).toMatchObject({ tag: 'transient' });
  });

  it('end where the stream does, with what was whole', async () => {
    expect(await frames(Buffer.from(`.\nE ${run}`))).toEqual([{ kind: 'round' }]);
  });
});

describe('positions', () => {
  it('come back as they were', () => {
    const position = new Map([
      ['stdout.log', { offset: 12, inode: '3' }],
      ['stderr.t4.n2.log', { offset: 2 ** 40, inode: '18446744073709551615' }],
    ]);
    expect(decodePosition(encodePosition(position))).toEqual(position);
  });

  it.each([
    null,
    '',
    'x',
    '{}',
    '[]',
    '{"../../x":[1,"2"]}',
    '{"stdout.log":[-1,"2"]}',
    '{"stdout.log":[1,"2; rm -rf /"]}',
  ])('begin at the beginning for %j', (cursor) => {
    expect(decodePosition(cursor as LogCursor | null).size).toBe(0);
  });

  it.each([
    ['stdout.log', { name: 'stdout', task: 0, node: 0 }],
    ['stderr.t7.log', { name: 'stderr', task: 7, node: 0 }],
    ['stdout.t7.n3.log', { name: 'stdout', task: 7, node: 3 }],
    ['slurm.log', { name: 'slurm', task: 0, node: 0 }],
    ['other.log', null],
    ['stdout.log.1', null],
    ['stdout.tx.log', null],
  ])('%s is a stream', (file, stream) => {
    expect(streamOf(file)).toEqual(stream);
  });
});
