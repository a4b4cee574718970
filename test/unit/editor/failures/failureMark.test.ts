import { describe, expect, it } from 'vitest';

import { markOf } from '../../../../src/editor/failures/failureMark.ts';
import { codeOf, failedRun, failure, frame } from './failureParts.ts';

const code = codeOf({ 'train.py': '', 'model/layers.py': '' });

describe('the place that is marked', () => {
  it('is the innermost frame in the code of the run', () => {
    const frames = [
      frame('/runs/one/work/train.py', 9, 3),
      frame('/runs/one/work/model/layers.py', 10, 5),
      frame('/usr/lib/python3.12/site-packages/torch/nn/linear.py', 116, 7),
    ];
    const marked = markOf(failedRun, [failure('RuntimeError', { frames })], code);
    expect(marked?.place).toEqual({ path: 'model/layers.py', line: 10, function: 'step', logLine: 5 });
    expect(marked?.frames.map(({ path }) => path)).toEqual(['model/layers.py', 'train.py']);
  });

  it('is that of the cause when the failure itself was elsewhere', () => {
    const cause = failure('KeyError', { frames: [frame('train.py', 3)] });
    const marked = markOf(failedRun, [failure('ChunkError', { cause, frames: [frame('/opt/x.py', 1)] })], code);
    expect(marked).toMatchObject({ type: 'ChunkError', place: { path: 'train.py', line: 3 } });
  });

  it.each([
    '../../etc/passwd',
    '/etc/passwd',
    '/runs/one/work/../../../home/ada/train.py',
    'C:\\Windows\\train.py',
    '<string>',
    '',
    '\0',
  ])('is none for %j', (path) => {
    expect(markOf(failedRun, [failure('RuntimeError', { frames: [frame(path, 1)] })], code)).toBeNull();
  });

  it('is none when nothing failed', () => {
    expect(markOf(failedRun, [], code)).toBeNull();
  });
});
