import { describe, expect, it } from 'vitest';
import type { VertexJob } from '../../../../src/providers/google/client/jobs.ts';
import { observationOf } from '../../../../src/providers/google/observe/observation.ts';
import { vertexJob as job } from '../../../fixtures/google/vertexJob.ts';

const see = (one: VertexJob): ReturnType<typeof observationOf> => observationOf(one, 'ada-lab', 'us-central1', 100);
const failed = (message: string, more: Partial<VertexJob> = {}): ReturnType<typeof observationOf> =>
  see(job('FAILED', { startedAt: 5, endedAt: 9, error: { code: 3, message }, ...more }));

describe('what Vertex AI says of a job', () => {
  it.each([
    ['QUEUED', 'queued'],
    ['PENDING', 'provisioning'],
    ['RUNNING', 'running'],
    ['UPDATING', 'running'],
    ['PAUSED', 'queued'],
    ['SUCCEEDED', 'succeeded'],
    ['CANCELLING', 'cancelling'],
    ['CANCELLED', 'cancelled'],
    ['EXPIRED', 'failed'],
    ['SOMETHING_NEW', 'unknown'],
  ])('%s is %s', (native, state) => {
    expect(see(job(native))).toMatchObject({ state, nativeState: `JOB_STATE_${native}`, observedAt: 100 });
  });

  it('is preempted when it waits again after it has run', () => {
    expect(see(job('PENDING', { startedAt: 5, strategy: 'SPOT' }))).toMatchObject({
      state: 'preempted',
      explanation: expect.stringContaining('spot'),
      endedAt: null,
    });
    expect(see(job('QUEUED', { startedAt: 5 }))).toMatchObject({ state: 'preempted' });
  });

  it.each([
    [
      'The replica workerpool0-0 exited with a non-zero status of 3. Termination reason: Error.',
      { exitCode: 3, signal: null },
    ],
    ['The replica workerpool1-2 exited with a non-zero status of 137.', { exitCode: null, signal: 'SIGKILL' }],
    [
      'The replica workerpool0-0 ran out of memory and exited with a non-zero status of 137.',
      { signal: 'SIGKILL', explanation: expect.stringMatching(/out of memory/u) },
    ],
    [
      'The replica workerpool0-0 exited with a non-zero status of 211.',
      { exitCode: 211, explanation: expect.stringMatching(/objectUser/u) },
    ],
    [
      'The replica workerpool0-0 exited with a non-zero status of 215.',
      { exitCode: 215, explanation: expect.stringMatching(/succeeded, but not all of its results/u) },
    ],
    [
      'Resources are insufficient in region: us-central1. Please try a different region.',
      { explanation: expect.stringMatching(/no machines like these left in us-central1.*Flex-start/u) },
    ],
    [
      'Internal error occurred for the current attempt',
      { explanation: expect.stringMatching(/Vertex AI failed by itself/u) },
    ],
    ['Failed to pull image "x:y"', { explanation: expect.stringMatching(/image could not be pulled/u) }],
    [
      'The following quota metrics exceed quota limits: aiplatform.googleapis.com/custom_model_training_nvidia_l4_gpus',
      { explanation: expect.stringMatching(/quota.*console\.cloud\.google\.com/u) },
    ],
    [
      'The following quotas are exceeded: CustomModelTrainingPreemptibleL4GPUsPerProjectPerRegion',
      { explanation: expect.stringMatching(/no spot quota left for it in us-central1.*console\.cloud\.google\.com/u) },
    ],
  ])('explains a failure: %s', (message, expected) => {
    expect(failed(message)).toMatchObject({ state: 'failed', reason: message, endedAt: 9, ...expected });
  });

  it('explains what spot and Flex-start end with', () => {
    expect(failed('STOCKOUT', { strategy: 'SPOT' }).explanation).toMatch(/took its spot machines back/u);
    expect(failed('STOCKOUT', { strategy: 'SPOT', startedAt: null }).explanation).toMatch(/no spot machines/u);
    expect(failed('STOCKOUT', { strategy: 'SPOT', isTriedOnce: true }).explanation).toMatch(/without disableRetries/u);
    const flex = { strategy: 'FLEX_START', startedAt: null };
    expect(failed('The job exceeded its max wait duration.', flex).explanation).toMatch(/waited as long/u);
    expect(failed('Job failed.', flex).explanation).toBeUndefined();
    expect(failed('The service account may not be used.', flex).explanation).toBeUndefined();
  });

  it.each([64, 65, 66, 67])('does not take the %i of a program for a failure of Aloft', (code) => {
    const { exitCode, explanation } = failed(`The replica workerpool0-0 exited with a non-zero status of ${code}.`);
    expect(exitCode).toBe(code);
    expect(explanation ?? '').not.toMatch(/bucket|unpacked|working folder|secrets/u);
  });
});
