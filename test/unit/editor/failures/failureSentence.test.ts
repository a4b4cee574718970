import { describe, expect, it } from 'vitest';

import type { Failure } from '../../../../src/core/failure/failure.ts';
import { explainedJob, failureSentence } from '../../../../src/editor/failures/failureSentence.ts';
import { newRunId } from '../../../fixtures/engine/engineParts.ts';

const failure: Failure = {
  type: 'RuntimeError',
  message: 'CUDA out of memory. Tried to allocate 2.00 GiB\nmore of it',
  rank: null,
  frames: [],
  firstLine: 1,
  lastLine: 3,
  cause: null,
  members: [],
  level: 'error',
};

const sentence = async (reason: string | null, failures: () => Promise<readonly Failure[]>): Promise<string> =>
  await failureSentence({ failures }, { runId: newRunId(), reason }, new AbortController().signal);

describe('why a job failed', () => {
  it('is what its log says when all that is known is how its program ended', async () => {
    const said = 'RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB';
    expect(await sentence('exit code 1', async () => [failure])).toBe(said);
    expect(await sentence(null, async () => [failure])).toBe(said);
  });

  it('is what its provider says when that knows more', async () => {
    const reason = 'the job used more memory than it asked for (64 GiB)';
    expect(await sentence(reason, async () => [failure])).toBe(reason);
  });

  it('is how its program ended when the log says nothing, or does not come', async () => {
    expect(await sentence('exit code 3', async () => [])).toBe('exit code 3');
    const cut = async (): Promise<readonly Failure[]> => await Promise.reject(new DOMException('late', 'TimeoutError'));
    expect(await sentence('exit code 3', cut)).toBe('exit code 3');
    expect(await sentence(null, cut)).toBe('no reason was given');
  });

  it('stands before how its program ended where both are told', () => {
    const said = 'RuntimeError: CUDA out of memory';
    expect(explainedJob({ reason: 'exit code 1' }, said).reason).toBe(`${said} · exit code 1`);
    expect(explainedJob({ reason: null }, said).reason).toBe(said);
    expect(explainedJob({ reason: 'exit code 1' }, null).reason).toBe('exit code 1');
  });
});
