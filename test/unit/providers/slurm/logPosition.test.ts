import { expect, it } from 'vitest';

import type { LogCursor } from '../../../../src/core/logChunk.ts';
import { decodePosition } from '../../../../src/providers/slurm/logs/position.ts';

it('a log is read on where it was, whatever other files there were', () => {
  const cursor = '{"stdout.log":[5,"1"],"stderr.18.log":[3,"2"],"stdout.t2.n1.log":[7,"3"]}' as LogCursor;
  expect(decodePosition(cursor)).toEqual(
    new Map([
      ['stdout.log', { offset: 5, inode: '1' }],
      ['stdout.t2.n1.log', { offset: 7, inode: '3' }],
    ]),
  );
});
