import { expect, test } from 'vitest';

import { truthOf } from '../../../../src/engine/log/truth.ts';

const gap = { from: null, to: null, reason: 'rotated away' };
const sampled = { ...gap, cause: 'sampled' } as const;
const expired = { ...gap, cause: 'expired' } as const;

test('a log without gaps is what was recorded of it', () => {
  for (const status of ['none', 'following', 'complete', 'interrupted'] as const) {
    expect(truthOf(status, [])).toBe(status);
  }
});

test('one with gaps is never complete, and has a name only where all that is missing is so for one cause', () => {
  expect(truthOf('complete', [gap])).toBe('gap');
  expect(truthOf('complete', [sampled, sampled])).toBe('sampled');
  expect(truthOf('following', [expired])).toBe('expired');
  expect(truthOf('complete', [sampled, gap])).toBe('gap');
  expect(truthOf('complete', [gap, expired])).toBe('gap');
  expect(truthOf('complete', [sampled, expired])).toBe('gap');
});

test('what came late is not missing', () => {
  const late = { ...gap, cause: 'late' } as const;
  expect(truthOf('complete', [late])).toBe('complete');
  expect(truthOf('following', [late, late])).toBe('following');
  expect(truthOf('complete', [late, sampled, sampled])).toBe('sampled');
  expect(truthOf('complete', [gap, late])).toBe('gap');
});

test('words of a reason are no cause', () => {
  expect(truthOf('complete', [{ ...gap, reason: 'the token expired while samples were read' }])).toBe('gap');
});
