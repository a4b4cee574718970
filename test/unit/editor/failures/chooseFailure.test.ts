import { describe, expect, it } from 'vitest';

import { chooseFailure } from '../../../../src/editor/failures/chooseFailure.ts';
import { failure } from './failureParts.ts';

describe('the failure that explains how a run ended', () => {
  it('is the last one', () => {
    expect(
      chooseFailure([failure('ValueError', { firstLine: 10 }), failure('KeyError', { firstLine: 20 })])?.type,
    ).toBe('KeyError');
    expect(chooseFailure([])).toBeNull();
  });

  it('is no warning', () => {
    const error = failure('ValueError', { firstLine: 10 });
    expect(chooseFailure([error, failure('RuntimeError', { firstLine: 20, level: 'warning' })])).toBe(error);
    expect(chooseFailure([failure('RuntimeError', { level: 'warning' })])).toBeNull();
  });

  it('is what a launcher only repeats, unless there is nothing but the launcher', () => {
    const launcher = failure('torch.distributed.elastic.multiprocessing.errors.ChildFailedError', { firstLine: 30 });
    const error = failure('ValueError', { firstLine: 10 });
    expect(chooseFailure([error, launcher])).toBe(error);
    expect(chooseFailure([launcher])).toBe(launcher);
    expect(chooseFailure([error, failure('slurm: task failed', { firstLine: 20 })])).toBe(error);
  });

  it('is of the rank that the launcher blames', () => {
    const failures = [
      failure('ValueError', { firstLine: 10, rank: 0 }),
      failure('torch.cuda.OutOfMemoryError', { firstLine: 12, rank: 3 }),
      failure('ChildFailedError', { firstLine: 30, rank: 3 }),
    ];
    expect(chooseFailure(failures)?.rank).toBe(3);
  });

  it('is of the rank that failed first, when several did', () => {
    const failures = [
      failure('StopIteration', { firstLine: 5, rank: 1 }),
      failure('torch.cuda.OutOfMemoryError', { firstLine: 12, rank: 2 }),
      failure('ConnectionError', { firstLine: 14, rank: 0 }),
      failure('ConnectionError', { firstLine: 16, rank: 1 }),
    ];
    expect(chooseFailure(failures)?.rank).toBe(2);
  });

  it('is none that the run survived for long', () => {
    const failures = [
      failure('ValueError', { firstLine: 10, rank: 1 }),
      failure('OSError', { firstLine: 5_000, rank: 0 }),
    ];
    expect(chooseFailure(failures)?.type).toBe('OSError');
    const killed = failure('ChildFailedError', { firstLine: 5_000, rank: 1 });
    expect(chooseFailure([failure('ValueError', { firstLine: 10, rank: 1 }), killed])).toBe(killed);
  });

  it('is the innermost member of a group', () => {
    const inner = failure('KeyError');
    const group = failure('ExceptionGroup', { members: [failure('ExceptionGroup', { members: [inner] })] });
    expect(chooseFailure([group])).toBe(inner);
  });
});
