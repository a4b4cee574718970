import { describe, expect, it } from 'vitest';
import { ofResultPath, resultPath } from '../../../src/core/resultPath.ts';

describe('resultPath', () => {
  it.each([
    [0, 'out/a', 2, 'out/a'],
    [1, 'out/a', 2, 'node1/out/a'],
    [0, 'node1/x', 2, 'node0/node1/x'],
    [1, 'x', 2, 'node1/x'],
    [0, 'node0/x', 2, 'node0/node0/x'],
    [0, 'node1/x', 1, 'node1/x'],
    [0, 'node01/x', 2, 'node01/x'],
  ])('tells apart what node %i calls %s, of %i', (index, path, nodes, known) => {
    expect(resultPath(index, path, nodes)).toBe(known);
    expect(ofResultPath(known, nodes)).toEqual({ index, path });
  });
});
