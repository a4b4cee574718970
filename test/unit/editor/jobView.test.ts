import { describe, expect, it } from 'vitest';

import { jobView, phases } from '../../../src/editor/jobView.ts';
import type { JobFacts } from '../../../src/engine/engine.ts';
import { attempt, job, stateEvent } from '../../fixtures/editor/jobs.ts';
import { specOf } from '../../fixtures/engine/engineParts.ts';

const facts = (fields: Partial<JobFacts> = {}): JobFacts => ({
  job: job(),
  events: [],
  plan: null,
  native: null,
  place: 'Here',
  canReveal: true,
  storeProblem: null,
  ...fields,
});

describe('phases', () => {
  it('begin with the job, join what stays the same, and stay open while it lasts', () => {
    const events = [
      stateEvent(1_001_000, 'queued', 'PENDING'),
      { ...stateEvent(1_002_000, 'queued'), state: null },
      stateEvent(1_003_000, 'queued', 'PENDING (Priority)'),
      stateEvent(1_010_000, 'running'),
    ];
    expect(phases(job(), events).map(({ state, from, to, reason }) => [state, from, to, reason])).toEqual([
      ['staging', 1_000_000, 1_001_000, null],
      ['queued', 1_001_000, 1_010_000, 'PENDING'],
      ['running', 1_010_000, null, null],
    ]);
  });

  it('end where the job ended', () => {
    const events = [
      stateEvent(1_000_000, 'staging'),
      stateEvent(1_010_000, 'running'),
      stateEvent(1_050_000, 'failed'),
    ];
    expect(phases(job({ state: 'failed', endedAt: 1_050_000 }), events).map(({ state, to }) => [state, to])).toEqual([
      ['staging', 1_010_000],
      ['running', 1_050_000],
    ]);
  });

  it('end with the job even when the timeline does not tell how', () => {
    const events = [stateEvent(1_000_000, 'staging'), stateEvent(1_010_000, 'running')];
    expect(phases(job({ state: 'succeeded', endedAt: 1_060_000 }), events).at(-1)?.to).toBe(1_060_000);
  });

  it('show every attempt of a job that was submitted again', () => {
    const events = [
      stateEvent(1_000_000, 'running'),
      stateEvent(1_010_000, 'preempted', 'spot reclaimed'),
      stateEvent(1_020_000, 'queued'),
      stateEvent(1_030_000, 'running'),
    ];
    expect(phases(job(), events).map(({ state }) => state)).toEqual(['running', 'preempted', 'queued', 'running']);
  });

  it('are one open stretch before anything happened', () => {
    expect(phases(job({ state: 'staging' }), [])).toMatchObject([{ state: 'staging', from: 1_000_000, to: null }]);
  });
});

describe('jobView', () => {
  it('says what the provider says beside our own words', () => {
    const current = attempt({ nativeState: 'PENDING', reason: 'Resources', observeError: 'no route', observedAt: 1 });
    const view = jobView(
      facts({ job: job({ state: 'queued', attempts: [current], reason: 'waits for a GPU' }) }),
      180_001,
    );
    expect(view).toMatchObject({
      stateLabel: 'Queued',
      group: 'waiting',
      reason: 'waits for a GPU',
      native: 'PENDING: Resources',
      staleNote: 'last known, 3 min ago: no route',
      canCancel: true,
    });
  });

  it('offers no cancelling once it was asked for or the job has ended', () => {
    expect(jobView(facts({ job: job({ cancelRequestedAt: 5 }) }), 10)).toMatchObject({
      stateLabel: 'Cancelling',
      canCancel: false,
    });
    expect(jobView(facts({ job: job({ state: 'succeeded' }) }), 10).canCancel).toBe(false);
  });

  it('names the accelerators and nodes', () => {
    const spec = specOf({ accelerator: 'H100 x 8', nodes: 2 });
    expect(jobView(facts({ job: job({ spec }) }), 10).accelerator).toMatch(/^2 nodes × .*H100/u);
  });

  it('shows the job, the request and the status as they are', () => {
    const plan = { request: {}, text: '#SBATCH --gres=gpu:1', language: 'shellscript', warnings: [] } as const;
    const view = jobView(facts({ plan, native: { JobState: 'RUNNING' } }), 10);
    expect(view.details.map(({ title, language }) => [title, language])).toEqual([
      ['Job', 'json'],
      ['Request', 'shellscript'],
      ['Status', 'json'],
    ]);
    expect(view.details[1]?.text).toBe(plan.text);
    expect(JSON.parse(view.details[2]?.text ?? '')).toEqual({ JobState: 'RUNNING' });
  });

  it('never carries the value of a secret', () => {
    const view = jobView(facts({ job: job({ spec: specOf({ secrets: ['TOKEN'] }) }) }), 10);
    expect(JSON.parse(view.details[0]?.text ?? '')).toMatchObject({ secrets: ['TOKEN'] });
  });
});
