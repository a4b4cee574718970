import { describe, expect, it } from 'vitest';
import { dataOf, handleOf } from '../../../../src/providers/azure/handle.ts';
import { jobName, keyOfName, stored } from '../../../../src/providers/azure/names.ts';
import { newKey } from '../../../conformance/harness.ts';

describe('names of jobs', () => {
  it('are made from the key and lead back to it', () => {
    const key = { ...newKey(), attempt: 12 };
    expect(jobName(key)).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}$/u);
    expect(keyOfName(jobName(key))).toEqual(key);
    expect(stored.results(jobName(key))).toBe(`aloft/results/${jobName(key)}/`);
  });

  it.each(['brave_ant_123', 'aloft-x-1', 'aloft-01j00000000000000000000000-0', ''])('leave %s alone', (name) => {
    expect(keyOfName(name)).toBeNull();
  });

  it('are all that a handle needs, even one whose data is lost', () => {
    const data = { name: 'aloft-a-1', nodes: 2, hasSecrets: true };
    expect(dataOf(handleOf(data))).toEqual(data);
    expect(dataOf({ id: 'aloft-a-1', data: {} })).toEqual({ name: 'aloft-a-1', nodes: 1, hasSecrets: false });
  });
});
