import { describe, expect, it } from 'vitest';

import { jobLines, nodeName, taskSentence, waitSentence } from '../../../src/editor/jobSentences.ts';
import { attempt, job } from '../../fixtures/editor/jobs.ts';
import { specOf } from '../../fixtures/engine/engineParts.ts';

const now = new Date(2026, 10, 26, 14, 0).getTime();
const later = new Date(2026, 10, 26, 16, 40).getTime();

describe('waitSentence', () => {
  it('says why and until when, as far as either is known', () => {
    expect(waitSentence('all H100 nodes are in use', later, now)).toBe(
      'all H100 nodes are in use, expected to start about 16:40',
    );
    expect(waitSentence('all H100 nodes are in use', null, now)).toBe('all H100 nodes are in use');
    expect(waitSentence('', later, now)).toBe('expected to start about 16:40');
    expect(waitSentence(null, later, now)).toBe('expected to start about 16:40');
    expect(waitSentence(null, now - 1, now)).toBeNull();
  });
});

describe('jobLines', () => {
  it('say all of a job that waits, in plain words and in those of the provider', () => {
    const waiting = attempt({
      state: 'queued',
      nativeState: 'PENDING',
      reason: 'Resources',
      explanation: 'all H100 nodes are in use',
      expectedStartAt: later,
    });
    const spec = specOf({ accelerator: 'H100 x 8', nodes: 2 });
    const reason = 'all H100 nodes are in use';
    expect(jobLines(job({ state: 'queued', spec, reason, attempts: [waiting] }), null, 'lab-slurm', now)).toEqual([
      'Queued: all H100 nodes are in use, expected to start about 16:40',
      'lab-slurm says PENDING: Resources',
      expect.stringMatching(/^lab-slurm · 2 nodes × H100/u),
    ]);
  });

  it('say once how the program of a failed job ended', () => {
    const failed = (nativeState: string, reason: string | null): Parameters<typeof jobLines>[0] =>
      job({ state: 'failed', reason: 'exit code 1', attempts: [attempt({ nativeState, reason })] });
    const linesOf = (of: Parameters<typeof jobLines>[0], logged: string | null): readonly string[] =>
      jobLines(of, logged, 'Slurm', now).slice(0, -1);
    const said = 'Failed: KeyError · exit code 1';
    expect(linesOf(failed('FAILED', 'exit code 1'), 'KeyError')).toEqual([said]);
    expect(linesOf(failed('FAILED', 'NonZeroExitCode'), 'KeyError')).toEqual([
      said,
      'Slurm says FAILED: NonZeroExitCode',
    ]);
    expect(linesOf(failed('FAILED', 'NonZeroExitCode'), null)[0]).toBe('Failed: exit code 1');
  });

  it('name the machines of a job, the first of many', () => {
    const nodes = Array.from({ length: 8 }, (_, rank) => ({ rank, host: `gpu-${rank}`, state: 'running' as const }));
    const linesOf = (count: number): readonly string[] =>
      jobLines(job({ attempts: [attempt({ nodes: nodes.slice(0, count), nativeState: null })] }), null, 'lab', now);
    expect(linesOf(2)).toEqual(['Running', 'lab · CPU', 'on gpu-0, gpu-1']);
    expect(linesOf(8).at(-1)).toBe('on gpu-0, gpu-1, gpu-2, gpu-3, gpu-4, gpu-5 and 2 more');
  });

  it('count the tasks by state', () => {
    const tasks = (['succeeded', 'running', 'failed', 'queued', 'succeeded'] as const).map((state, index) => ({
      index,
      state,
      exitCode: null,
    }));
    expect(jobLines(job({ attempts: [attempt({ tasks })] }), null, 'lab', now).at(-1)).toBe(
      '5 tasks: 1 failed, 2 succeeded, 1 running, 1 queued',
    );
  });
});

describe('names of members', () => {
  it('are what people call them', () => {
    expect(nodeName({ rank: 1, host: null })).toBe('node 1');
    expect(nodeName({ rank: 1, host: 'gpu-7' })).toBe('node 1 on gpu-7');
    expect(taskSentence({ total: 24, ended: 8, failed: 0 })).toBe('8 of 24 tasks');
    expect(taskSentence({ total: 1, ended: 1, failed: 1 })).toBeNull();
  });
});
