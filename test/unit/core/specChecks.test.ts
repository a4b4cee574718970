import { describe, expect, it } from 'vitest';
import { type JobSpec, parseJobSpec } from '../../../src/core/jobSpec.ts';
import { refuseImpossible } from '../../../src/core/specChecks.ts';

function specOf(more: Partial<JobSpec>): JobSpec {
  const parsed = parseJobSpec({ command: 'python train.py', env: { LR: '0.1' }, secrets: ['TOKEN'] });
  return { ...(parsed.ok ? parsed.spec : expect.fail()), ...more };
}

describe('a spec that no backend can run', () => {
  it.each<[field: string, more: Partial<JobSpec>]>([
    ['workingDirectory', { workingDirectory: '../up' }],
    ['workingDirectory', { workingDirectory: '/etc' }],
    ['workingDirectory', { workingDirectory: 'a\0b' }],
    ['command', { command: 'echo \0' }],
    ['setup', { setup: 'echo \0' }],
    ['env.A', { env: { A: 'a\0b' } }],
    ['env', { env: { 'A=B': '' } }],
    ['env', { env: { '': '' } }],
    ['env', { env: { 'A\nB': '' } }],
    ['env', { env: { aloft_run: '' } }],
    ['secrets', { secrets: ['A B'] }],
    ['secrets', { secrets: ['1A'] }],
  ])('is refused by the name of its field: %s %j', (field, more) => {
    expect(() => {
      refuseImpossible(specOf(more));
    }).toThrow(expect.objectContaining({ name: 'ProviderError', tag: 'invalid', field }));
  });

  it('is told from those that can be run', () => {
    for (const more of [{}, { workingDirectory: 'src/model' }, { command: 'echo "\n$(true)"' }]) {
      expect(() => {
        refuseImpossible(specOf(more));
      }).not.toThrow();
    }
  });
});
