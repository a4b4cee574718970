import { describe, expect, it } from 'vitest';
import type { RunDetails } from '../../../../src/providers/azure/client/runHistory.ts';
import type { Job } from '../../../../src/providers/azure/job.ts';
import type { Cluster } from '../../../../src/providers/azure/offers/clusters.ts';
import { observationOf, type Seen } from '../../../../src/providers/azure/observe/observation.ts';
import { explainWait, isOnSpot } from '../../../../src/providers/azure/observe/waiting.ts';

function job(status: string, more: Partial<Job['properties']> = {}): Job {
  return { name: 'aloft-a-1', properties: { status, ...more } };
}

function seen(status: string, more: Partial<Seen> = {}): Seen {
  return {
    job: job(status),
    details: null,
    past: { startedAt: null, hasRun: false },
    isSpot: null,
    waiting: null,
    observedAt: 1,
    ...more,
  };
}

const failedWith = (message: string, more: Partial<RunDetails> = {}): RunDetails => ({
  error: { error: { code: 'UserError', message } },
  startTimeUtc: '2026-01-01T10:00:00Z',
  endTimeUtc: '2026-01-01T11:00:00.5',
  ...more,
});

describe('states', () => {
  it.each([
    ['NotStarted', 'queued'],
    ['Queued', 'queued'],
    ['Paused', 'queued'],
    ['Starting', 'provisioning'],
    ['Provisioning', 'provisioning'],
    ['Preparing', 'provisioning'],
    ['Running', 'running'],
    ['NotResponding', 'running'],
    ['Finalizing', 'running'],
    ['CancelRequested', 'cancelling'],
    ['Completed', 'succeeded'],
    ['Failed', 'failed'],
    ['Canceled', 'cancelled'],
    ['Unknown', 'unknown'],
    ['SomethingNew', 'unknown'],
    ['constructor', 'unknown'],
  ])('%s is %s', (status, state) => {
    expect(observationOf(seen(status))).toMatchObject({ state, nativeState: status });
  });

  it.each(['Queued', 'Starting', 'Provisioning', 'Preparing'])(
    'go back to %s when a spot machine is taken away, and only then',
    (status) => {
      const past = { startedAt: 5, hasRun: true };
      const back = observationOf(seen(status, { past, isSpot: true }));
      expect(back).toMatchObject({ state: 'preempted', nativeState: status, startedAt: 5, nodes: [] });
      expect(back.explanation).toContain('Its machine was taken away');
      const { state } = observationOf(seen(status));
      for (const isSpot of [false, null]) {
        const again = observationOf(seen(status, { past, isSpot }));
        expect(again.state).toBe(state);
        expect(again.explanation).toContain('Azure starts it again');
        expect(again.explanation).not.toContain('taken away');
      }
      expect(observationOf(seen(status, { isSpot: true })).state).toBe(state);
    },
  );

  it('are those of a job that runs, whatever it has been through', () => {
    const past = { startedAt: 5, hasRun: true };
    expect(observationOf(seen('Running', { past, isSpot: true })).state).toBe('running');
    expect(observationOf(seen('NotResponding', { past })).explanation).toContain('not been heard of');
  });
});

describe('ends', () => {
  it.each([
    [
      "Execution failed. User process 'bash' exited with status code 3. Please check log file 'user_logs/std_log.txt' for error details.",
      3,
      null,
    ],
    [
      'AzureMLCompute job failed. JobFailed: Submitted script failed with a non-zero exit code; Exit Code: 137',
      null,
      'SIGKILL',
    ],
    ["User process 'python' exited with status code -9.", null, 'SIGKILL'],
    ['exited with exit code 143', null, 'SIGTERM'],
    ['The wind changed.', null, null],
  ])('%s', (message, exitCode, signal) => {
    const observation = observationOf(seen('Failed', { details: failedWith(message) }));
    expect(observation).toMatchObject({
      state: 'failed',
      exitCode,
      signal,
      reason: `UserError: ${message}`,
      startedAt: Date.UTC(2026, 0, 1, 10),
      endedAt: Date.UTC(2026, 0, 1, 11, 0, 0, 500),
    });
  });

  it.each([
    ['The quota of your subscription is exceeded.', 'quota'],
    ['AllocationFailed: no machines', 'no machine of this kind free'],
    ['Image build failed. For more details, check log file.', 'could not be built'],
    ['Failed to pull image: manifest unknown', 'could not be pulled'],
    ['ScriptExecution.StreamAccess.Authentication: mount failed', 'could not reach the data'],
    ["User process 'bash' exited with status code 213.", 'could not be unpacked'],
    ["User process 'bash' exited with status code 214.", 'working folder'],
    ["User process 'bash' exited with status code 215.", 'secrets could not be read'],
    ["User process 'bash' exited with status code 65.", 'exit code 65'],
  ])('%s is explained', (message, words) => {
    expect(observationOf(seen('Failed', { details: failedWith(message) })).explanation).toContain(words);
  });

  it('by the time limit are told from those that somebody asked for', () => {
    const limited = job('Canceled', { limits: { timeout: 'PT1H' } });
    expect(observationOf(seen('Canceled', { job: limited, details: failedWith('') }))).toMatchObject({
      state: 'failed',
      explanation: 'It reached its time limit',
    });
    const early = job('Canceled', { limits: { timeout: 'PT2H' } });
    expect(observationOf(seen('Canceled', { job: early, details: failedWith('') })).state).toBe('cancelled');
  });

  it.each([
    "User process 'bash' exited with status code 1. Error: RuntimeError: Connection timed out",
    'RuntimeError: Connection timed out',
    "User process 'bash' exited with status code 1. Error: ValueError: the job timed out",
  ])('of a program are not by the time limit: %s', (message) => {
    for (const limits of [{}, { limits: { timeout: 'PT9H' } }]) {
      const failed = observationOf(seen('Failed', { job: job('Failed', limits), details: failedWith(message) }));
      expect(failed.explanation ?? '').not.toContain('time limit');
      const stopped = observationOf(seen('Canceled', { job: job('Canceled', limits), details: failedWith(message) }));
      expect(stopped.state).toBe('cancelled');
    }
  });

  it('by the time limit are told by Azure’s words where there is one', () => {
    const limited = job('Failed', { limits: { timeout: 'PT9H' } });
    const details = failedWith('The job exceeded its max run duration.');
    expect(observationOf(seen('Failed', { job: limited, details })).explanation).toBe('It reached its time limit');
    expect(observationOf(seen('Failed', { details })).explanation).toBeUndefined();
  });

  it('hand on no signed links', () => {
    const details = failedWith('x', { logFiles: { 'user_logs/std_log.txt': 'https://x/y?sig=SECRET' } });
    expect(JSON.stringify(observationOf(seen('Failed', { details })))).not.toContain('SECRET');
  });
});

describe('waits', () => {
  const cluster: Cluster = {
    name: 'gpu',
    size: null,
    isSpot: false,
    maxNodes: 4,
    nodes: 4,
    idle: 0,
    isResizing: false,
    errors: [],
  };
  const queued = job('Queued', { computeId: '/x/computes/GPU' });

  it.each([
    [{}, 'All 4 nodes of the cluster gpu are in use'],
    [{ maxNodes: 1, nodes: 1 }, 'The one node of the cluster gpu is in use'],
    [{ maxNodes: 0, nodes: 0 }, 'The cluster gpu is set to have no nodes'],
    [{ nodes: 1, isResizing: true }, 'The cluster gpu is getting machines, which takes some minutes'],
    [
      { nodes: 1, errors: ['ClusterCoreQuotaReached: Operation results in exceeding quota limits of Core.'] },
      'The cluster gpu cannot grow: the quota for cores of this kind in this region is used up',
    ],
    [
      { nodes: 1, errors: ['AllocationFailed: x'] },
      'The cluster gpu cannot grow: Azure has no machine of this kind free in this region now',
    ],
  ])('%o', (more, explanation) => {
    expect(explainWait(queued, [{ ...cluster, ...more }], null)?.explanation).toBe(explanation);
  });

  it('for serverless compute are explained by the run history', () => {
    const details: RunDetails = { warnings: [{ source: 'x', message: 'Waiting: your quota limit is reached.' }] };
    expect(explainWait(job('Queued'), null, details)).toEqual({
      explanation: 'The quota for cores of this kind in this region is used up',
      reason: 'Waiting: your quota limit is reached.',
    });
  });

  it.each([
    [{}, 'It waits until Azure has a machine for it'],
    [
      { resources: { instanceCount: 2, instanceType: 'Standard_ND96isr_H100_v5' }, queueSettings: { jobTier: 'Spot' } },
      'It waits until Azure has all 2 spot machines of the size Standard_ND96isr_H100_v5 for it',
    ],
    [{ status: 'NotStarted' }, 'Azure has taken it and not begun with it yet'],
    [{ status: 'Paused' }, 'It is paused in Azure'],
    [{ computeId: '/x/computes/gpu' }, 'It waits for the cluster gpu'],
  ])('are told by what is waited for where nobody says why: %o', (more, explanation) => {
    const details: RunDetails = { warnings: [{ source: 'x', message: 'Hm.' }] };
    expect(explainWait(job('Queued', more), null, null)).toEqual({ explanation, reason: null });
    expect(explainWait(job('Queued', more), null, details)).toEqual({ explanation, reason: 'Hm.' });
  });

  it('say whether the machines may be taken away, where that is known', () => {
    const spot = { ...cluster, isSpot: true };
    expect(isOnSpot(queued, [spot])).toBe(true);
    expect(isOnSpot(queued, [cluster])).toBe(false);
    expect(isOnSpot(queued, null)).toBeNull();
    expect(isOnSpot(job('Queued', { queueSettings: { jobTier: 'Spot' } }), null)).toBe(true);
    expect(isOnSpot(job('Queued'), null)).toBe(false);
  });
});
