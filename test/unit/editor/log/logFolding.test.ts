import { describe, expect, it, test } from 'vitest';

import { foldingOf } from '../../../../src/editor/log/logFolding.ts';

function folding(...lines: readonly string[]): readonly (readonly [number, number])[] {
  return foldingOf((line) => lines[line] ?? '', lines.length).toSorted(([one], [other]) => one - other);
}

describe('foldingOf', () => {
  it('folds from each epoch to the line before the next', () => {
    expect(folding('start', 'Epoch 1/2', 'a', 'Epoch 1: done', '=== epoch 2 ===', 'b', 'end')).toEqual([
      [1, 3],
      [4, 6],
    ]);
  });

  it('folds from each step to the line before the next where there are no epochs', () => {
    expect(folding('start', 'step 1 | loss 2.1', 'saved', 'step 2 | loss 2.0', 'step 3 | loss 1.9', 'end')).toEqual([
      [1, 2],
      [4, 5],
    ]);
  });

  it('folds steps within epochs', () => {
    const epoch = ['step 1', 'a', 'step 2', 'b'];
    expect(folding('Epoch 1', ...epoch, 'Epoch 2', ...epoch)).toEqual([
      [0, 4],
      [1, 2],
      [3, 4],
      [5, 9],
      [6, 7],
      [8, 9],
    ]);
  });

  it('folds an epoch, not the step that begins on the same line', () => {
    expect(folding('Epoch 1 step 10', 'a', 'Epoch 1 step 20', 'b', 'Epoch 2 step 30', 'c')).toEqual([
      [0, 3],
      [2, 3],
      [4, 5],
    ]);
  });

  it('begins no part anew where several lines tell of one step', () => {
    expect(folding('[rank0]: step 5', '[rank1]: step 5', 'saving at step 5', 'step 6')).toEqual([[0, 2]]);
  });

  it('finds nothing to fold in what has no parts, or only parts of one line', () => {
    expect(folding()).toEqual([]);
    expect(folding('a', 'b')).toEqual([]);
    expect(folding('step 1', 'step 2', 'step 3')).toEqual([]);
  });

  test.each([
    'step 120 | loss 2.1',
    "{'loss': 2.1, 'step': 120}",
    '{"loss": 2.1, "step": 120}',
    'loss=2.1 global_step=120',
    'trainer/global_step: 120',
    'iter 120: loss 2.1',
    'iteration 120/1000',
    '[2026-05-01 12:00:51] iteration      120/    1000 | loss',
    '2026-05-01 12:00:51 INFO Step #120',
    '[step 120] loss 2.1',
    'Step 1,120: loss 2.1',
    'completed step: 120, seconds: 1.2',
  ])('a step begins at %s', (line) => {
    expect(folding('start', line, 'after')).toEqual([[1, 2]]);
  });

  test.each([
    'steps: 120',
    'max_steps=120',
    'logging_steps = 10',
    'step size 0.1',
    'step 0.1',
    'time per iteration (ms): 508.1',
    'footstep 3',
    'model.step 3',
    'lr-step 3',
    'iterations 10',
  ])('no step begins at %s', (line) => {
    expect(folding('start', line, 'after')).toEqual([]);
  });

  it('goes through 300,000 hostile lines at once', () => {
    const lines = [`${'step '.repeat(120)}`, `${'epoch['.repeat(100)}`, `step${' '.repeat(600)}1`, 'x'.repeat(10_000)];
    const begun = performance.now();
    expect(foldingOf((line) => lines[line % lines.length] ?? '', 300_000)).toEqual([]);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});
