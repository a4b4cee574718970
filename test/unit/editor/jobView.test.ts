import { describe, expect, it } from 'vitest';

import { type Around, jobView, phases } from '../../../src/editor/jobView.ts';
import type { JobFacts } from '../../../src/engine/engine.ts';
import type { JobView } from '../../../src/protocol/jobPanel.ts';
import { scriptedAbilities } from '../../emulators/scripted/request.ts';
import { attempt, job, stateEvent } from '../../fixtures/editor/jobs.ts';
import { specOf } from '../../fixtures/engine/engineParts.ts';

const facts = (fields: Partial<JobFacts> = {}): JobFacts => ({
  job: job(),
  events: [],
  plan: null,
  native: null,
  place: 'Here',
  abilities: scriptedAbilities,
  storeProblem: null,
  ...fields,
});

const around: Around = { isTrusted: true, location: null, forwards: [], failure: null };
const viewOf = (given: JobFacts, now: number): JobView => jobView(given, around, now);

describe('the way to a job outside Aloft', () => {
  it.each([
    [null, null],
    [{ kind: 'folder', path: '/tmp/run' }, 'Open Run Folder'],
    [{ kind: 'remoteFolder', host: 'lab', path: '/scratch/run' }, 'Open Run Folder'],
    [{ kind: 'url', url: 'https://ml.azure.com/x', site: 'Azure ML studio' }, 'Open in Azure ML studio'],
  ] as const)('says where it leads: %o', (location, label) => {
    expect(jobView(facts(), { ...around, location }, 0).locationLabel).toBe(label);
  });
});

describe('why a job failed', () => {
  const failed = (nativeState: string): JobFacts =>
    facts({ job: job({ state: 'failed', reason: 'exit code 1', attempts: [attempt({ nativeState, reason: null })] }) });

  it('is what its log says, then how its program ended, and that once', () => {
    const failure = 'RuntimeError: CUDA out of memory';
    const said = `${failure} · exit code 1`;
    expect(jobView(failed('ended: exit code 1'), { ...around, failure }, 0)).toMatchObject({
      reason: said,
      native: null,
    });
    expect(jobView(failed('NODE_FAIL'), { ...around, failure }, 0)).toMatchObject({
      reason: said,
      native: 'NODE_FAIL',
    });
    expect(viewOf(failed('NODE_FAIL'), 0)).toMatchObject({ reason: 'exit code 1', native: 'NODE_FAIL' });
  });
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
      ['queued', 1_001_000, 1_010_000, 'queued\nPENDING'],
      ['running', 1_010_000, null, 'running'],
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

  it('last as long as the job ran by the clock of its provider, however late that was noticed', () => {
    const events = [
      stateEvent(1_000_000, 'staging'),
      stateEvent(1_001_000, 'queued'),
      stateEvent(1_003_000, 'running'),
      stateEvent(1_004_200, 'succeeded'),
    ];
    const ended = job({ state: 'succeeded', startedAt: 1_002_900, endedAt: 1_003_300 });
    expect(phases(ended, events).map(({ state, from, to }) => [state, from, to])).toEqual([
      ['staging', 1_000_000, 1_001_000],
      ['queued', 1_001_000, 1_002_900],
      ['running', 1_002_900, 1_003_300],
    ]);
    expect(phases({ ...ended, startedAt: null, endedAt: null }, events).at(-1)).toMatchObject({
      from: 1_003_000,
      to: 1_004_200,
    });
  });

  it('are in order where the job ran unseen before it was seen to run', () => {
    const events = [
      stateEvent(1_000_000, 'staging'),
      stateEvent(1_001_000, 'queued'),
      stateEvent(1_090_000, 'queued', 'it has run meanwhile'),
      stateEvent(1_100_000, 'running'),
    ];
    expect(phases(job({ startedAt: 1_002_000 }), events).map(({ state, from, to }) => [state, from, to])).toEqual([
      ['staging', 1_000_000, 1_001_000],
      ['queued', 1_001_000, 1_100_000],
      ['running', 1_100_000, null],
    ]);
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
    const view = viewOf(
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
    expect(viewOf(facts({ job: job({ cancelRequestedAt: 5 }) }), 10)).toMatchObject({
      stateLabel: 'Cancelling',
      canCancel: false,
    });
    expect(viewOf(facts({ job: job({ state: 'succeeded' }) }), 10).canCancel).toBe(false);
  });

  it('names the accelerators and nodes', () => {
    const spec = specOf({ accelerator: 'H100 x 8', nodes: 2 });
    expect(viewOf(facts({ job: job({ spec }) }), 10).accelerator).toMatch(/^2 nodes × .*H100/u);
  });

  it('shows the job, the request and the status as they are', () => {
    const plan = { request: {}, text: '#SBATCH --gres=gpu:1', language: 'shellscript', warnings: [] } as const;
    const view = viewOf(facts({ plan, native: { JobState: 'RUNNING' } }), 10);
    expect(view.details.map(({ title, language }) => [title, language])).toEqual([
      ['Job', 'json'],
      ['Request', 'shellscript'],
      ['Status', 'json'],
    ]);
    expect(view.details[1]?.text).toBe(plan.text);
    expect(JSON.parse(view.details[2]?.text ?? '')).toEqual({ JobState: 'RUNNING' });
  });

  it('never carries the value of a secret', () => {
    const view = viewOf(facts({ job: job({ spec: specOf({ secrets: ['TOKEN'] }) }) }), 10);
    expect(JSON.parse(view.details[0]?.text ?? '')).toMatchObject({ secrets: ['TOKEN'] });
  });

  it('says when a job that waits is expected to start, and nothing of the kind once it runs', () => {
    const attempts = [attempt({ expectedStartAt: 5_000_000 })];
    expect(viewOf(facts({ job: job({ state: 'queued', attempts }) }), 10).expectedStartAt).toBe(5_000_000);
    expect(viewOf(facts({ job: job({ state: 'running', attempts }) }), 10).expectedStartAt).toBeNull();
  });

  it('offers a shell and ports while it runs, and says why not before', () => {
    const running = viewOf(facts(), 10);
    expect([running.shell, running.ports]).toEqual([{ problem: null }, { problem: null }]);
    const waiting = viewOf(facts({ job: job({ state: 'queued' }) }), 10);
    expect(waiting.shell).toEqual({ problem: 'train.py is not running.' });
    const ended = viewOf(facts({ job: job({ state: 'failed' }) }), 10);
    expect([ended.shell, ended.ports]).toEqual([null, null]);
    const unable = viewOf(facts({ abilities: { ...scriptedAbilities, shell: false } }), 10);
    expect([unable.shell, unable.ports]).toEqual([null, { problem: null }]);
    expect(viewOf(facts({ abilities: undefined }), 10).shell).toBeNull();
    const untrusted = jobView(facts(), { ...around, isTrusted: false }, 10);
    expect(untrusted.shell?.problem).toMatch(/not trusted/u);
    expect(untrusted.ports?.problem).toMatch(/not trusted/u);
  });

  it('shows the nodes with their hosts, and the tasks that failed before the others', () => {
    const current = attempt({
      nodes: [
        { rank: 0, host: 'gpu-1', state: 'running' },
        { rank: 1, host: null, state: 'queued' },
      ],
      tasks: (['succeeded', 'running', 'failed', 'queued'] as const).map((state, index) => ({
        index,
        state,
        exitCode: state === 'failed' ? 3 : null,
      })),
    });
    const { members } = viewOf(facts({ job: job({ attempts: [current] }) }), 10);
    expect(members.nodes.map(({ name, stateLabel, note }) => [name, stateLabel, note])).toEqual([
      ['node 0', 'Running', 'gpu-1'],
      ['node 1', 'Queued', null],
    ]);
    expect(members.nodeCounts.map(({ label }) => label)).toEqual(['1 running', '1 queued']);
    expect(members.tasks.map(({ name, note }) => [name, note])).toEqual([
      ['task 2', 'exit code 3'],
      ['task 0', null],
      ['task 1', null],
      ['task 3', null],
    ]);
    expect(members.taskCounts.map(({ label }) => label)).toEqual(['1 failed', '1 succeeded', '1 running', '1 queued']);
    expect(members.taskSentence).toBe('2 of 4 tasks, 1 failed');
  });

  it('says nothing of the task of a job that is one, and not all of a sweep of thousands', () => {
    const one = attempt({ tasks: [{ index: 0, state: 'running', exitCode: null }] });
    expect(viewOf(facts({ job: job({ attempts: [one] }) }), 10).members).toMatchObject({
      tasks: [],
      taskCounts: [],
      taskSentence: null,
    });
    const tasks = Array.from({ length: 10_000 }, (_, index) => ({
      index,
      state: index === 9_999 ? ('failed' as const) : ('queued' as const),
      exitCode: null,
    }));
    const { members } = viewOf(facts({ job: job({ attempts: [attempt({ tasks })] }) }), 10);
    expect(members.tasks[0]?.name).toBe('task 9999');
    expect(members.tasks.length + members.moreTasks).toBe(10_000);
    expect(JSON.stringify(members).length).toBeLessThan(60_000);
  });

  it('helps with a script for Slurm that ran elsewhere', () => {
    const spec = specOf({ command: 'sbatch train.sbatch' });
    const attempts = [attempt({ exitCode: 127 })];
    expect(viewOf(facts({ job: job({ spec, attempts, state: 'failed' }) }), 10).hint).toMatch(
      /choose a Slurm connection/u,
    );
    expect(
      viewOf(facts({ job: job({ spec, attempts: [attempt({ exitCode: 1 })], state: 'failed' }) }), 10).hint,
    ).toBeNull();
    expect(viewOf(facts({ job: job({ attempts, state: 'failed' }) }), 10).hint).toBeNull();
  });
});
