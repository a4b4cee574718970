import { describe, expect, it } from 'vitest';
import { endsByItself } from '../../../../src/providers/kubernetes/deletion.ts';
import { ended, jobObject, podObject, running } from '../../../fixtures/kubernetes/objects.ts';

const disrupted = [{ type: 'DisruptionTarget', reason: 'EvictionByEvictionAPI' }];

describe('endsByItself', () => {
  it('is true of a job all of whose nodes have ended, one way or the other', () => {
    expect(endsByItself(jobObject(), [podObject({ main: ended(0), results: running })])).toBe(true);
    const pods = [podObject({ main: ended(1) }), podObject({ index: 1, main: ended(143) })];
    expect(endsByItself(jobObject({ completions: 2 }), pods)).toBe(true);
  });

  it('is false while a node has no pod yet', () => {
    expect(endsByItself(jobObject({ completions: 2 }), [podObject({ main: ended(0) })])).toBe(false);
    expect(endsByItself(jobObject(), [])).toBe(false);
  });

  it('is false of a node that was evicted: another pod takes its place', () => {
    expect(endsByItself(jobObject(), [podObject({ main: ended(143), conditions: disrupted })])).toBe(false);
    expect(endsByItself(jobObject(), [podObject({ main: ended(0), conditions: disrupted })])).toBe(true);
  });
});
