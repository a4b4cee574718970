import { describe, expect, it } from 'vitest';

import type { StreamId } from '../../../../src/core/logChunk.ts';
import { hasOrigins, originLabel, streamLabel } from '../../../../webview/log/streamLabel.ts';

const stream = (name: string, task = 0, node = 0): StreamId => ({ name, task, node });

describe('where a line comes from', () => {
  it('needs no words for a job with one task on one node', () => {
    const streams = [stream('stdout'), stream('stderr')];
    expect(hasOrigins(streams)).toBe(false);
    expect(streams.map((one) => streamLabel(one, streams))).toEqual(['stdout', 'stderr']);
  });

  it('is a task, with the first of them named as well', () => {
    const streams = [stream('stdout'), stream('stdout', 1), stream('stderr', 11)];
    expect(hasOrigins(streams)).toBe(true);
    expect(streams.map((one) => streamLabel(one, streams))).toEqual([
      'stdout · task 0',
      'stdout · task 1',
      'stderr · task 11',
    ]);
    expect(streams.map((one) => originLabel(one, streams))).toEqual(['task 0', 'task 1', 'task 11']);
  });

  it('is a node, or both', () => {
    const nodes = [stream('stdout'), stream('stdout', 0, 1)];
    expect(nodes.map((one) => originLabel(one, nodes))).toEqual(['node 0', 'node 1']);
    const both = [stream('stdout', 0, 1), stream('stdout', 3)];
    expect(both.map((one) => originLabel(one, both))).toEqual(['task 0 node 1', 'task 3 node 0']);
  });

  it('is the name of a system log, beside those', () => {
    const streams = [stream('stdout'), stream('provider')];
    expect(hasOrigins(streams)).toBe(true);
    expect(streams.map((one) => originLabel(one, streams))).toEqual(['stdout', 'provider']);
    const more = [stream('stdout', 0, 1), stream('provider')];
    expect(more.map((one) => originLabel(one, more))).toEqual(['node 1', 'node 0 provider']);
  });
});
