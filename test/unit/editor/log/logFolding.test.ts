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
    'training_iteration: 120, episode_reward_mean: 21.5',
    '[batch=120/500]:',
  ])('a step begins at %s', (line) => {
    expect(folding('start', line, 'after')).toEqual([[1, 2]]);
  });

  test.each([
    'Epoch 3/10',
    '=== Epoch: 3 ===',
    'Train Epoch: 3 [640/60000 (1%)]\tLoss: 1.72',
    "{'loss': 2.31, 'learning_rate': 4.9e-05, 'epoch': 3.01}",
    "  1%|#   | 10/1000 [00:05<08:15,  2.00it/s]{'loss': '2.31', 'epoch': '3.01'}",
    '2024-05-01 12:00:00 | INFO | train_inner | {"epoch": 3, "update": 0.002}',
    '2024-05-01 12:00:00 | INFO | train_inner | epoch 003:     10 / 5000 loss=13.2',
    '2024/05/01 12:00:00 - mmengine - INFO - Epoch(train)  [3][ 50/391]  lr: 1.0000e-01',
    '[2024/05/01 12:00:00] ppdet INFO: Epoch: [3] [  0/100] learning_rate: 0.0001',
    'INFO:root:epoch 3 loss=0.91',
    '[rank0]: Epoch 3',
    'I0501 12:00:00.123456 140123 train.py:48] Epoch 3 begins',
    '(Worker pid=312) Epoch 3',
    '2026-05-01 12:00:51 Epoch 3',
    '2026-05-01 12:00:51,123 INFO Validation epoch 3',
  ])('an epoch begins at %s', (line) => {
    expect(folding('start', line, 'after', 'Epoch 4', 'after')).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test.each([
    'epochs: 3',
    'max-epoch 3',
    'num_epoch=3',
    "{'num_train_epochs': 3}",
    'resuming from epoch 3',
    'time/epoch: 3',
    'per epoch 3',
  ])('no epoch begins at %s', (line) => {
    expect(folding('start', line, 'after')).toEqual([]);
  });

  it('is in the epoch that a fraction is in, and in the same however it is written', () => {
    const lines = [0.01, 0.5, 0.99, 1, 1.5, 2.0].map((epoch) => `{'loss': 2.1, 'epoch': ${epoch.toFixed(2)}}`);
    expect(folding(...lines, "{'train_runtime': 12.1, 'epoch': 2.0}")).toEqual([
      [0, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(folding('epoch 001: begins', 'Epoch 1 ends', 'epoch 002: begins')).toEqual([[0, 1]]);
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
